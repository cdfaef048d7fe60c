import type { CountedPaymentTuple, DecisionInputs } from '@nerveline/contracts';
import type { CardHistory } from '../domain/card-history';
import type { State } from '../domain/decide';

/** What a decision knew, as its record keeps it. The event clock is in the read vector. */
export function inputsOf({ history, profile, card_block, merchant_block }: State): DecisionInputs {
  return {
    history: toTuples(history),
    profile: profile ?? null,
    card_block: card_block ?? null,
    merchant_block: merchant_block ?? null,
  };
}

/** The state that {@link inputsOf} wrote down. */
export function stateOf(inputs: DecisionInputs, event_clock_ms: number): State {
  return {
    history: fromTuples(inputs.history),
    profile: inputs.profile ?? undefined,
    card_block: inputs.card_block ?? undefined,
    merchant_block: inputs.merchant_block ?? undefined,
    event_clock_ms,
  };
}

/** A card's history as it is kept, some 45 bytes of JSON for each payment. */
export function toTuples(history: CardHistory): CountedPaymentTuple[] {
  return history.map(({ event_ms, payment_id, amount_base_minor, location }) =>
    location === null
      ? [event_ms, payment_id, amount_base_minor]
      : [event_ms, payment_id, amount_base_minor, location.lat, location.lon],
  );
}

/** The history that {@link toTuples} wrote down. */
export function fromTuples(tuples: readonly CountedPaymentTuple[]): CardHistory {
  return tuples.map(([event_ms, payment_id, amount_base_minor, lat, lon]) => ({
    event_ms,
    payment_id,
    amount_base_minor,
    location: lat === undefined || lon === undefined ? null : { lat, lon },
  }));
}
