import type { ErrorEntry } from './catalogue';

export const cdcErrors = {
  'NL-CDC-001': {
    retriable: false,
    meaning: 'wal_level is not logical.',
    action: 'ALTER SYSTEM SET wal_level = logical; then restart PostgreSQL.',
  },
} satisfies Record<string, ErrorEntry>;
