import type { ErrorEntry } from './catalogue';

export const stateErrors = {
  'NL-STA-001': {
    retriable: true,
    http_status: 503,
    meaning: 'A keyed store did not carry out a command.',
    action: 'Check that Redis runs and that REDIS_URL names it; the call is tried again.',
  },
} satisfies Record<string, ErrorEntry>;
