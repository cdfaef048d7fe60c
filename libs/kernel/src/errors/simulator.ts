import type { ErrorEntry } from './catalogue';

export const simulatorErrors = {
  'NL-SIM-001': {
    retriable: false,
    meaning: 'A recorded file cannot be read, or is damaged.',
    action: 'Check the path and that the file is CSV, plain or packed by xz.',
  },
  'NL-SIM-002': {
    retriable: false,
    meaning: 'A recorded file lacks a column.',
    action: 'Add the column that the message names.',
  },
  'NL-SIM-003': {
    retriable: false,
    meaning: 'A row of a recorded file holds a value that cannot be played.',
    action: 'Mend the row that the message names.',
  },
} satisfies Record<string, ErrorEntry>;
