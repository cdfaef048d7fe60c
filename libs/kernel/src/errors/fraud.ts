import type { ErrorEntry } from './catalogue';

export const fraudErrors = {} satisfies Record<string, ErrorEntry>;
