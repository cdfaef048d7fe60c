/** Injection token of the log. */
export const LOG = Symbol('inventory:log');
/** Injection token of the desk behind `nerveline dlq`. */
export const DEAD_LETTERS = Symbol('inventory:dead-letters');
/** Injection token of the database pool. */
export const DATABASE = Symbol('inventory:database');
