/** Sockets that hear the pulse of the platform. Rooms of tenants begin with the tenant; no tenant begins with a slash. */
export const FLOW_ROOM = '/flow';
