/** Injection token of the log. */
export const LOG = Symbol('inventory:log');
/** Injection token of the database pool. */
export const DATABASE = Symbol('inventory:database');
