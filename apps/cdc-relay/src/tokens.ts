/** Injection token of the relay's own settings. */
export const RELAY_SETTINGS = Symbol('nerveline:relay-settings');
