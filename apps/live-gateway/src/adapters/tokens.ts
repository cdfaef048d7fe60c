/** Injection token of the log. */
export const LOG = Symbol('live-gateway:log');
/** Injection token of Socket.IO's server. */
export const PUSH_IO = Symbol('live-gateway:push-io');
/** Injection token of the gateway's own settings. */
export const GATEWAY_SETTINGS = Symbol('live-gateway:settings');
