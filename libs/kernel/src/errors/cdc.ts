import type { ErrorEntry } from './catalogue';

export const cdcErrors = {
  'NL-CDC-001': {
    retriable: false,
    meaning: 'wal_level is not logical.',
    action: 'ALTER SYSTEM SET wal_level = logical; then restart PostgreSQL.',
  },
  'NL-CDC-002': {
    retriable: false,
    meaning: 'The role may not replicate.',
    action: 'ALTER ROLE name REPLICATION; (on a managed service: grant its replication role).',
  },
  'NL-CDC-003': {
    retriable: false,
    meaning: 'The source refused the sign-in: wrong password, unknown role or database, or pg_hba.conf.',
    action: 'Check DATABASE_URL; ALTER ROLE name PASSWORD ...; pg_hba.conf needs a line for this role and database.',
  },
  'NL-CDC-004': {
    retriable: true,
    http_status: 503,
    meaning: 'The source cannot be reached, is starting or stopping, or closed the connection.',
    action: 'Nothing: the relay connects again by itself and goes on where it was. Check the server if it stays.',
  },
  'NL-CDC-005': {
    retriable: true,
    http_status: 503,
    meaning: 'A source table does not exist yet.',
    action: 'Run the migrations of the service that owns it; the relay takes the table up by itself.',
  },
  'NL-CDC-006': {
    retriable: false,
    meaning: 'A table has no replica identity that covers its record key: once published, its UPDATEs would fail.',
    action: 'ALTER TABLE name ADD PRIMARY KEY (...); or ALTER TABLE name REPLICA IDENTITY USING INDEX ... | FULL;',
  },
  'NL-CDC-007': {
    retriable: true,
    http_status: 503,
    meaning: 'Another process reads from the slot.',
    action:
      'Stop the other relay. For a forgotten one: SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots;',
  },
  'NL-CDC-008': {
    retriable: false,
    meaning: 'The server invalidated the slot: it no longer has the WAL that the slot needs. Changes are lost for it.',
    action:
      'Raise max_slot_wal_keep_size; SELECT pg_drop_replication_slot(...); then give the relay a new slot name, which takes a new snapshot.',
  },
  'NL-CDC-009': {
    retriable: false,
    meaning: 'The source is not the one that the log was filled from: restored, promoted or made anew.',
    action:
      'If it is meant to be so, give the relay a new slot name (a new snapshot) and a new log directory; otherwise mend DATABASE_URL.',
  },
  'NL-CDC-010': {
    retriable: false,
    meaning: 'The slot is gone, though the log says that the relay read from it: changes since then may be missing.',
    action: 'Give the relay a new slot name, which takes a new snapshot.',
  },
  'NL-CDC-011': {
    retriable: false,
    meaning: 'The slot is ahead of the log: the log lost records that the source no longer keeps.',
    action: 'Restore the newer log, or give the relay a new slot name, which takes a new snapshot.',
  },
  'NL-CDC-012': {
    retriable: false,
    meaning: 'The publication is missing or lacks a table, and the role may not mend it.',
    action:
      'CREATE PUBLICATION name FOR TABLE ...; or ALTER PUBLICATION name ADD TABLE ...; as the owner of the tables.',
  },
  'NL-CDC-013': {
    retriable: false,
    meaning: 'The replication stream holds something that pgoutput, protocol 1 to 4, does not know.',
    action: 'Report it with the server version; the slot was not moved.',
  },
  'NL-CDC-014': {
    retriable: false,
    meaning: 'A column value does not have the form of its type.',
    action: 'Report it with the column type; the slot was not moved.',
  },
  'NL-CDC-015': {
    retriable: false,
    meaning: 'The partition count of a change topic was changed under a log that has records.',
    action: 'Put the old count back; another count needs a new topic name.',
  },
  'NL-CDC-016': {
    retriable: false,
    meaning: 'The slot belongs to another database or another output plugin.',
    action: 'Give the relay a slot name of its own.',
  },
  'NL-CDC-017': {
    retriable: true,
    http_status: 503,
    meaning: 'The source has no free replication slot, WAL sender or connection.',
    action:
      'Raise max_replication_slots, max_wal_senders or max_connections; the relay needs one slot, and one more while it takes a snapshot.',
  },
  'NL-CDC-018': {
    retriable: false,
    meaning: 'The server is older than PostgreSQL 14.',
    action: 'Upgrade the server.',
  },
  'NL-CDC-019': {
    retriable: false,
    meaning: 'A table lacks a column of its record key, or a row has no value in one.',
    action: 'Mend the table, or its entry in the contracts.',
  },
  'NL-CDC-020': {
    retriable: false,
    meaning: 'The source refused a statement of the relay.',
    action: 'The message holds the words of the server.',
  },
  'NL-CDC-021': {
    retriable: true,
    http_status: 503,
    meaning: 'Transactions that have not ended are larger than what the relay may hold, or its disk is full.',
    action: 'Make room in its directory, raise RELAY_MAX_SPILL_BYTES, or set RELAY_IN_PROGRESS=off.',
  },
  'NL-CDC-022': {
    retriable: false,
    meaning:
      'The slot makes the source keep more WAL than its budget (RELAY_WAL_BUDGET_BYTES), and the policy is to stop.',
    action:
      'Find what holds the log up; then raise the budget, or drop the slot so that the disk is free again: SELECT pg_drop_replication_slot(...);',
  },
  'NL-CDC-023': {
    retriable: true,
    http_status: 503,
    meaning:
      'The slot was dropped, since it made the source keep more WAL than its budget: a new one and a new snapshot follow.',
    action: 'Nothing; rows that were deleted in between are not told. Find what held the log up.',
  },
  'NL-CDC-024': {
    retriable: false,
    meaning: 'Another process reads from the slot, and the policy is to stop (RELAY_TAKEN_SLOT=stop).',
    action: 'Stop one of the two relays, or set RELAY_TAKEN_SLOT to wait or take_over.',
  },
  'NL-CDC-025': {
    retriable: false,
    meaning:
      'The publication leaves out inserts, updates, deletes or truncates: the log would miss them without a word.',
    action: "ALTER PUBLICATION name SET (publish = 'insert, update, delete, truncate');",
  },
} satisfies Record<string, ErrorEntry>;
