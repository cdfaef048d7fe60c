import type { ErrorEntry } from './catalogue';

export const kernelErrors = {
  'NL-KRN-001': {
    retriable: false,
    meaning: 'A condition that must always hold does not: a bug in Nerveline.',
    action: 'Report it with the log lines around it; the process restarts by itself.',
  },
  'NL-KRN-002': {
    retriable: false,
    meaning: 'A text or number is not a log sequence number of PostgreSQL.',
    action: 'Write it as two hexadecimal halves, for example 16/B374D848.',
  },
  'NL-KRN-003': {
    retriable: false,
    meaning: 'A source position is malformed, or two positions of different source epochs were compared.',
    action: 'Check whether the source was restored or promoted; see the policy for that in docs.',
  },
  'NL-KRN-004': {
    retriable: false,
    meaning: 'A number is not an offset.',
    action: 'Use an integer from 0 up.',
  },
} satisfies Record<string, ErrorEntry>;
