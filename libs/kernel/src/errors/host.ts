import type { ErrorEntry } from './catalogue';

export const hostErrors = {
  'NL-HST-001': {
    retriable: false,
    meaning: 'Node is too old.',
    action: 'Install Node 20.19 or newer.',
  },
  'NL-HST-002': {
    retriable: false,
    meaning: 'An option of npm start is unknown, lacks its value or has a wrong one.',
    action: 'See npm start -- --help.',
  },
  'NL-HST-003': {
    retriable: false,
    meaning: 'The data directory is in use by another run.',
    action: 'Stop the other run, or give this one a directory of its own: --data DIR.',
  },
  'NL-HST-004': {
    retriable: false,
    meaning: 'The disk is full or nearly so.',
    action: 'Free some space, or move the data to another disk: --data DIR.',
  },
  'NL-HST-005': {
    retriable: false,
    meaning: 'The port of the dashboard is taken by another program.',
    action: 'Stop that program, or choose another port: --port N.',
  },
  'NL-HST-006': {
    retriable: false,
    meaning: 'PostgreSQL does not start.',
    action: 'Read logs/postgres.log in the data directory, or set DATABASE_URL to a server of your own.',
  },
  'NL-HST-007': {
    retriable: false,
    meaning: 'The migrations of a service failed.',
    action: 'Read the message; the tables are as they were before the migration that failed.',
  },
  'NL-HST-008': {
    retriable: false,
    meaning: 'The platform would listen on other addresses than loopback with the keys of a demo.',
    action: 'Set NERVELINE_JWKS to your own keys, or leave HOST at 127.0.0.1.',
  },
  'NL-HST-009': {
    retriable: false,
    meaning: 'There is no embedded PostgreSQL for this platform, or its package is not installed.',
    action: 'Set DATABASE_URL to a PostgreSQL of your own with wal_level = logical.',
  },
  'NL-HST-010': {
    retriable: false,
    meaning: 'The directory holds something else than data of Nerveline, or data of a newer version.',
    action: 'Choose another directory: --data DIR. This one was left untouched.',
  },
  'NL-HST-011': {
    retriable: false,
    meaning: 'A file that the command line names does not exist or cannot be read.',
    action: 'Check the path.',
  },
  'NL-HST-012': {
    retriable: false,
    meaning: 'A service did not become ready in time.',
    action: 'Read its log file in logs/ of the data directory.',
  },
  'NL-HST-013': {
    retriable: false,
    meaning: 'The data directory cannot be written by this account.',
    action: 'Check its owner and mode, or choose another directory: --data DIR.',
  },
  'NL-HST-014': {
    retriable: false,
    meaning: 'No such service runs from this data directory.',
    action: 'Start the platform, or name its data directory: --data DIR.',
  },
  'NL-HST-015': {
    retriable: false,
    meaning: 'One app alone lacks what it shares with the others, which run elsewhere.',
    action: 'Set KAFKA_BROKERS, DATABASE_URL and NERVELINE_JWKS to the same for all hosts, or leave --only out.',
  },
} satisfies Record<string, ErrorEntry>;
