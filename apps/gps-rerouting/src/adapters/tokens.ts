/** Injection token of the log. */
export const LOG = Symbol('gps-rerouting:log');
/** Injection token of the road graph, what is built on it, and the policies. */
export const SURROUNDINGS = Symbol('gps-rerouting:surroundings');
