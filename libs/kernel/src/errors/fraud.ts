import type { ErrorEntry } from './catalogue';

export const fraudErrors = {
  'NL-FRD-001': {
    retriable: false,
    http_status: 422,
    meaning: 'The payment is further ahead of the event clock than the policy takes.',
    action: 'Check the clock of the sender, and what the source declared in platform.event_clock.',
  },
  'NL-FRD-002': {
    retriable: false,
    http_status: 422,
    meaning: 'The payment is older by the event clock than the policy takes: its windows are no longer known.',
    action: 'Check the clock of the sender, and what the source declared in platform.event_clock.',
  },
  'NL-FRD-003': {
    retriable: false,
    http_status: 422,
    meaning: 'The card looks like a card number: 12 to 19 digits whose Luhn check holds.',
    action: 'Send a token that stands for the card; a card number must never reach this service.',
  },
  'NL-FRD-004': {
    retriable: false,
    http_status: 422,
    meaning: 'The policy has no rate for the currency, so the amount compares with no limit.',
    action: 'Add the currency to the rates of the policy.',
  },
  'NL-FRD-005': {
    retriable: true,
    http_status: 503,
    meaning: 'Too many payments wait for their decision.',
    action: 'Try again with the same idempotency key; Retry-After says when.',
  },
  'NL-FRD-006': {
    retriable: false,
    meaning: 'A decision was made by rules that this version does not hold, so it can not be made again.',
    action: 'Replay it with the version that decided; the decision names its rules.',
  },
  'NL-FRD-007': {
    retriable: false,
    meaning: 'State of fraud scoring was written by a newer version.',
    action: 'Start the newer version; the state was left untouched.',
  },
  'NL-FRD-008': {
    retriable: false,
    meaning:
      'A change of the lists was sent again that the group has gone past: decisions name what they saw by offset, and it would overtake nothing that came since.',
    action:
      'Write the row again at the source (an UPDATE that changes nothing will do) so that it comes as a new change, then discard the letter.',
  },
} satisfies Record<string, ErrorEntry>;
