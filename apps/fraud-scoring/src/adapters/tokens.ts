/** Injection token of the service's log. */
export const LOG = Symbol('fraud-scoring:log');
