import type { ErrorEntry } from './catalogue';

export const pushErrors = {
  'NL-PSH-001': {
    retriable: false,
    meaning: 'A socket event breaks its schema.',
    action: 'Mend the field that the answer names.',
  },
} satisfies Record<string, ErrorEntry>;
