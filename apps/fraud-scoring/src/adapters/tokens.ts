/** Injection token of the service's log. */
export const LOG = Symbol('fraud-scoring:log');
/** Injection token of what the routes of dead letters act on. */
export const DEAD_LETTERS = Symbol('fraud-scoring:dead-letters');
