import type { ErrorEntry } from './catalogue';

export const backupErrors = {
  'NL-BAK-001': {
    retriable: false,
    meaning: 'The directory for the backup is not empty.',
    action: 'Name a new directory: --to DIR. Nothing was written.',
  },
  'NL-BAK-002': {
    retriable: false,
    meaning: 'The backup is damaged or not complete.',
    action: 'Take another backup; the message names the file. Nothing was restored from this one.',
  },
  'NL-BAK-003': {
    retriable: false,
    meaning: 'The directory to restore into is not empty.',
    action: 'Name a new directory: --data DIR. Nothing in this one was touched.',
  },
  'NL-BAK-004': {
    retriable: false,
    meaning: 'The backup was written by a newer version.',
    action: 'Restore it with that version.',
  },
  'NL-BAK-005': {
    retriable: false,
    meaning: 'The database that keeps its files in the data directory does not answer there.',
    action:
      'Start the platform, then take the backup. A database of your own (DATABASE_URL) is backed up with its own tools.',
  },
  'NL-BAK-006': {
    retriable: true,
    meaning: 'The log could not be brought to a stand for a moment, or another backup is running.',
    action: 'Try again. If it stays, nerveline lag shows who hangs; a stopped process may hold a lock.',
  },
} satisfies Record<string, ErrorEntry>;
