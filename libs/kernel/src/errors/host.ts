import type { ErrorEntry } from './catalogue';

export const hostErrors = {
  'NL-HST-001': {
    retriable: false,
    meaning: 'Node is too old.',
    action: 'Install Node 20.19 or newer.',
  },
} satisfies Record<string, ErrorEntry>;
