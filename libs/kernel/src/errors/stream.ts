import type { ErrorEntry } from './catalogue';

export const streamErrors = {
  'NL-STR-001': {
    retriable: false,
    meaning: 'Two operators of a topology have one name.',
    action: 'Name one of them otherwise: state and metrics are found by the name.',
  },
  'NL-STR-002': {
    retriable: false,
    meaning: 'A window, gap, grace or count of a topology is zero, negative, not a number, or does not fit the others.',
    action: 'Mend the option that the error names.',
  },
  'NL-STR-003': {
    retriable: false,
    meaning: 'A topology reads a topic that it writes, which would go in a circle.',
    action: 'Write to another topic, or merge the streams inside the topology.',
  },
  'NL-STR-004': {
    retriable: false,
    meaning: 'A record has no key to group by: it is missing, null or NaN.',
    action: 'Give every record a key in keyBy, or filter those without one first; the record is with the dead letters.',
  },
  'NL-STR-005': {
    retriable: false,
    meaning: 'A record has no usable event time: it is not a number, or lies ahead of the epoch.',
    action: 'Mend the timestamp option of the stream; the record is with the dead letters.',
  },
  'NL-STR-006': {
    retriable: false,
    meaning: 'An aggregate was given a value that is not a finite number.',
    action: 'Filter such values first; the record is with the dead letters.',
  },
  'NL-STR-007': {
    retriable: false,
    meaning: 'Topics that are joined have different partition counts, so that equal keys lie in different hands.',
    action: 'Key one side anew with keyBy, or read the smaller one as a global table.',
  },
  'NL-STR-008': {
    retriable: false,
    meaning: 'A topology has no topic, partition or store of that name.',
    action: 'Look at describe() for the names that it has.',
  },
  'NL-STR-009': {
    retriable: false,
    meaning: 'The state that a group of a topology left does not fit: another topology or a newer version wrote it.',
    action: 'Start the topology that wrote it, or run the changed one under another group, which reads from the start.',
  },
} satisfies Record<string, ErrorEntry>;
