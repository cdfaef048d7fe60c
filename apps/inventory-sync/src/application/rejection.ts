import { NervelineError, type ErrorCode } from '@nerveline/kernel';
import type { Outcome, Rejection } from '../domain/command';

const ERRORS: Readonly<Record<Rejection, { code: ErrorCode; detail: string; field?: string }>> = {
  unknown_sku: { code: 'NL-INV-001', detail: 'no product has this SKU', field: 'sku' },
  unknown_location: { code: 'NL-INV-002', detail: 'there is no such location', field: 'location_id' },
  unknown_channel: { code: 'NL-INV-003', detail: 'there is no such channel', field: 'channel_id' },
  unknown_reservation: { code: 'NL-INV-004', detail: 'nothing was ever held under this reservation_id' },
  already_expired: { code: 'NL-INV-005', detail: 'the reservation has expired, its units are free again' },
  already_released: { code: 'NL-INV-006', detail: 'the reservation was released, its units are free again' },
  already_committed: { code: 'NL-INV-007', detail: 'the reservation was committed, its units are sold' },
  takes_away: { code: 'NL-INV-008', detail: 'quantity: only an adjustment takes units away', field: 'quantity' },
  below_reserved: {
    code: 'NL-INV-009',
    detail: 'quantity: fewer units would be left than are held',
    field: 'quantity',
  },
  too_many_units: { code: 'NL-INV-010', detail: 'quantity: a location holds no more units', field: 'quantity' },
  key_reused: { code: 'NL-API-007', detail: 'this key was used with another body', field: 'idempotency_key' },
};

/** What a rejected command is answered with. */
export const rejectionError = (reason: Rejection): NervelineError => {
  const { code, ...details } = ERRORS[reason];
  return new NervelineError(code, details);
};

type Answer<Kind extends Outcome['kind']> = Extract<Outcome, { kind: Kind; answer: unknown }>['answer'];

/**
 * The answer of a command whose kind of answer is known.
 *
 * @throws NervelineError what {@link rejectionError} gives for a rejected command
 */
export function answerOf<Kind extends Exclude<Outcome['kind'], 'rejected'>>(
  outcome: Outcome,
  kind: Kind,
): Answer<Kind> {
  if (outcome.kind === 'rejected') throw rejectionError(outcome.reason);
  const isOfKind = (other: Outcome): other is Extract<Outcome, { kind: Kind }> => other.kind === kind;
  // A key that was used for a request of another kind has another digest, so this never happens.
  if (!isOfKind(outcome)) throw rejectionError('key_reused');
  return (outcome as { answer: Answer<Kind> }).answer;
}
