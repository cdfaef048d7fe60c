import type { ErrorEntry } from './catalogue';

export const inventoryErrors = {
  'NL-INV-001': {
    retriable: false,
    http_status: 404,
    meaning: 'No product has this SKU.',
    action: 'Check the SKU, or insert the product first.',
  },
  'NL-INV-002': {
    retriable: false,
    http_status: 404,
    meaning: 'There is no such location.',
    action: 'Check the location, or insert it first.',
  },
  'NL-INV-003': {
    retriable: false,
    http_status: 404,
    meaning: 'There is no such sales channel.',
    action: 'Check the channel, or insert it first.',
  },
  'NL-INV-004': {
    retriable: false,
    http_status: 404,
    meaning: 'There is no such reservation: nothing was ever held under this id.',
    action: 'Use the reservation_id of the answer that granted it.',
  },
  'NL-INV-005': {
    retriable: false,
    http_status: 409,
    meaning: 'The reservation has expired; its units are free again, so it can no longer be sold.',
    action: 'Reserve again.',
  },
  'NL-INV-006': {
    retriable: false,
    http_status: 409,
    meaning: 'The reservation was released; its units are free again.',
    action: 'Reserve again.',
  },
  'NL-INV-007': {
    retriable: false,
    http_status: 409,
    meaning: 'The reservation was committed: the units are sold and no longer held.',
    action: 'Bring the units back with a movement of kind return.',
  },
  'NL-INV-008': {
    retriable: false,
    http_status: 400,
    meaning: 'A receipt or return takes units away; only an adjustment may.',
    action: 'Send a positive quantity, or an adjustment with its reason.',
  },
  'NL-INV-009': {
    retriable: false,
    http_status: 409,
    meaning: 'The adjustment would leave fewer units on hand than are reserved.',
    action: 'Adjust by at most what is available, or release reservations first.',
  },
  'NL-INV-010': {
    retriable: false,
    http_status: 409,
    meaning: 'The movement would put more units on hand than a location may hold.',
    action: 'Check the quantity.',
  },
  'NL-INV-011': {
    retriable: false,
    http_status: 400,
    meaning: 'An event time is further in the future than the event clock allows.',
    action: "Mend the sender's clock, or declare the source's time in platform.event_clock.",
  },
  'NL-INV-012': {
    retriable: false,
    http_status: 400,
    meaning: 'An event time is further in the past than the event clock allows.',
    action: 'Leave event_ms out, or declare the time of a recorded source in platform.event_clock.',
  },
  'NL-INV-013': {
    retriable: true,
    http_status: 503,
    meaning: 'More stock commands wait than the service holds back.',
    action: 'Try again with the same idempotency key; the limit is MAX_WAITING_COMMANDS.',
  },
  'NL-INV-014': {
    retriable: true,
    http_status: 503,
    meaning: 'PostgreSQL does not answer, so nothing can be granted.',
    action: 'Check the database; a retry with the same idempotency key is safe.',
  },
  'NL-INV-015': {
    retriable: true,
    http_status: 503,
    meaning: 'Another writer changed the same stock at the same moment, and PostgreSQL refused this one.',
    action: 'The service tries again by itself; seen from outside, try again with the same idempotency key.',
  },
  'NL-INV-016': {
    retriable: true,
    meaning: 'A sales channel did not take a stock update.',
    action: 'The service tries again with growing pauses; check the endpoint_url of the channel.',
  },
} satisfies Record<string, ErrorEntry>;
