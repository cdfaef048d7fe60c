import type { ErrorEntry } from './catalogue';

export const inventoryErrors = {} satisfies Record<string, ErrorEntry>;
