import type { ErrorEntry } from './catalogue';

export const logErrors = {
  'NL-LOG-001': {
    retriable: false,
    meaning: 'The topic is not in the catalogue.',
    action: 'Declare it in libs/contracts.',
  },
  'NL-LOG-002': {
    retriable: false,
    meaning: 'This service is not the single writer of the topic.',
    action: 'Write through the service that owns it; the catalogue names it.',
  },
  'NL-LOG-003': {
    retriable: true,
    http_status: 503,
    meaning: 'A write could not be made durable.',
    action: 'Check the disk (full, failing, read-only). Nothing was half-written.',
  },
  'NL-LOG-004': {
    retriable: false,
    meaning: 'Another process took the environment or partition over; this one is fenced.',
    action: 'Let it stop: its successor goes on.',
  },
  'NL-LOG-005': {
    retriable: false,
    meaning: 'A record batch fails its checksum: the file is damaged.',
    action: 'Run nerveline log verify; restore from a backup or replay from the source.',
  },
  'NL-LOG-006': {
    retriable: false,
    meaning: 'The data was written by a newer version.',
    action: 'Start the newer version; the data was left untouched.',
  },
  'NL-LOG-007': {
    retriable: false,
    meaning: 'A record is over the size limit.',
    action: 'Split it, or raise the limit of the topic.',
  },
  'NL-LOG-008': {
    retriable: true,
    meaning: 'The environment of another service does not exist yet.',
    action: 'Wait for that service to start.',
  },
  'NL-LOG-009': {
    retriable: false,
    meaning: 'The position is no longer (or not yet) in the log.',
    action: 'Start from the first position that the message names.',
  },
  'NL-LOG-010': {
    retriable: false,
    meaning: 'The environment is in use by another process.',
    action: 'Stop the other run, or give this one a data directory of its own.',
  },
  'NL-LOG-011': {
    retriable: false,
    meaning: 'A record does not fit the schema of its topic.',
    action: 'Mend the writer; the message names the field.',
  },
  'NL-LOG-012': {
    retriable: false,
    meaning: 'The partition does not exist.',
    action: 'Check the partition count in the catalogue.',
  },
  'NL-LOG-013': {
    retriable: true,
    http_status: 503,
    meaning: 'Too many bytes wait to be made durable.',
    action: 'Slow down; the limit is max_pending_bytes.',
  },
  'NL-LOG-014': {
    retriable: false,
    meaning: 'A key, store or group name in keyed state is empty or over its length limit.',
    action: 'Shorten it; the message names the limit.',
  },
  'NL-LOG-015': {
    retriable: false,
    http_status: 503,
    meaning: 'The log was closed: the service is stopping.',
    action: 'None; what was accepted before is durable.',
  },
  'NL-LOG-016': {
    retriable: false,
    http_status: 503,
    meaning: 'The environment refuses further work after an error of the disk.',
    action: 'Check the disk, then restart the service: opening the environment again recovers it.',
  },
} satisfies Record<string, ErrorEntry>;
