import type { ErrorEntry } from './catalogue';

export const fleetErrors = {} satisfies Record<string, ErrorEntry>;
