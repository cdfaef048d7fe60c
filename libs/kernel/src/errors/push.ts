import type { ErrorEntry } from './catalogue';

export const pushErrors = {
  'NL-PSH-001': {
    retriable: false,
    meaning: 'A socket event breaks its schema.',
    action: 'Mend the field that the answer names.',
  },
  'NL-PSH-002': {
    retriable: false,
    meaning: 'A position names partitions that the stream does not have.',
    action: 'Send the position that the last frame of this very stream gave, or null for a fresh snapshot.',
  },
  'NL-PSH-003': {
    retriable: false,
    meaning: 'A position lies ahead of the log: it comes from another log, or from one that was reset.',
    action: 'Subscribe with null for a fresh snapshot.',
  },
  'NL-PSH-004': {
    retriable: true,
    meaning: 'The client asks more often than the gateway answers.',
    action: 'Slow down; the limit is requests_per_s.',
  },
  'NL-PSH-005': {
    retriable: true,
    meaning: 'The gateway has as many clients as it takes.',
    action: 'Connect to another gateway, or try again later; the limit is clients_max.',
  },
  'NL-PSH-006': {
    retriable: false,
    meaning: 'A gauge stream has more keys than the gateway keeps in memory.',
    action: 'Raise gauge_bytes_max, or remove keys that nobody watches.',
  },
  'NL-PSH-007': {
    retriable: true,
    meaning: 'The client took nothing for too long and was cut off.',
    action: 'Connect again and resume from the last position; the limit is stall_ms.',
  },
  'NL-PSH-008': {
    retriable: false,
    meaning: 'There is no such socket event.',
    action: 'Send one that the contracts name.',
  },
  'NL-PSH-009': {
    retriable: true,
    meaning: 'The gateway refused the connection, or did not answer in time.',
    action: 'Check address and token, then connect again.',
  },
} satisfies Record<string, ErrorEntry>;
