/** Injection token of the log. */
export const LOG = Symbol('gps-rerouting:log');
/** Injection token of what the routes of dead letters act on. */
export const DEAD_LETTERS = Symbol('gps-rerouting:dead-letters');
/** Injection token of the road graph, what is built on it, and the policies. */
export const SURROUNDINGS = Symbol('gps-rerouting:surroundings');
