import { paymentDecisionRequest } from '@nerveline/contracts';
import type { CardHistory } from '../../../apps/fraud-scoring/src/domain/card-history';
import { decide, type State } from '../../../apps/fraud-scoring/src/domain/decide';
import { defaultPolicy } from '../../../apps/fraud-scoring/src/domain/default-policy';
import { acceptPayment, type Payment } from '../../../apps/fraud-scoring/src/domain/payment';
import { percentiles } from '../percentiles';
import { anyPayment } from './payments';

const CARDS = 1_000;
const HISTORY_PAYMENTS = 20;
const DECISIONS = 200_000;

/** The rule alone, without a service around it: cards with twenty payments in two days, one payment more each. */
export function measureDecideAlone() {
  const now_ms = Date.now();
  const cases = Array.from({ length: CARDS }, () => someCase(now_ms));
  const decideAll = (times_us: number[] | undefined): void => {
    for (let i = 0; i < DECISIONS; i += 1) {
      const one = cases[i % CARDS];
      if (one === undefined) continue;
      if (times_us === undefined) {
        decide(one.state, one.payment, defaultPolicy);
        continue;
      }
      const begun_ms = performance.now();
      decide(one.state, one.payment, defaultPolicy);
      times_us.push((performance.now() - begun_ms) * 1_000);
    }
  };
  decideAll(undefined);
  const begun_ms = performance.now();
  decideAll(undefined);
  const took_s = (performance.now() - begun_ms) / 1_000;
  // The clock costs too, so what each takes is measured apart from how many there are.
  const times_us: number[] = [];
  decideAll(times_us);
  return {
    decide_history_payments: HISTORY_PAYMENTS,
    decide_per_s: Math.round(DECISIONS / took_s),
    decide_p99_us: percentiles(times_us, [0.99])[0],
  };
}

function someCase(event_clock_ms: number): { readonly state: State; readonly payment: Payment } {
  const payment = () => {
    const request = paymentDecisionRequest.parse(JSON.parse(anyPayment()));
    const accepted = acceptPayment(request, event_clock_ms, defaultPolicy);
    if (!accepted.ok) throw new Error(accepted.error.detail);
    return accepted.value;
  };
  const history: CardHistory = Array.from({ length: HISTORY_PAYMENTS }, payment).sort(
    (a, b) => a.event_ms - b.event_ms,
  );
  const lists = { profile: undefined, card_block: undefined, merchant_block: undefined };
  return { state: { history, ...lists, event_clock_ms }, payment: payment() };
}
