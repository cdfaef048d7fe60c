export { eventClockTopic, followEventClock } from './follow-event-clock';
