export { eventClockTopic, EventClocks, type ClockReading } from './event-clocks';
