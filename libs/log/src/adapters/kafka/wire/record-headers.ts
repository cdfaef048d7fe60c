/*
 * What Kafka's records have no field for travels in headers of ours, which no reader of the log sees.
 */

/** The event time where it isn't a whole number of milliseconds. */
export const EVENT_TIME_HEADER = 'nl-event-ms';

/**
 * When it was appended, on compacted topics: the compacting broker writes batches anew, and would replace the event time
 * by the append time if it kept the latter (`LogAppendTime`). Other topics have it from the broker.
 */
export const APPENDED_HEADER = 'nl-appended-ms';
