import { useMemo } from 'react';
import { useLive, useSeconds } from '../../app/live';
import {
  formatCount,
  formatDuration,
  formatInteger,
  formatRate,
  formatShare,
  formatWholeMoney,
} from '../../design/format';
import { Metric, Metrics } from '../../design/Metric';
import type { FraudStore } from '../../model/fraud-store';

const WINDOW_MS = 60_000;
/** A share of blocked payments that calls for a look. */
const BLOCKED_SHARE_WATCH = 0.05;

/** The biggest sum in its currency; the others in words. */
function moneyOf(sums: ReadonlyMap<string, number>): { value: string; others: string | undefined } {
  const ranked = [...sums].sort(([, a], [, b]) => b - a);
  const [first, ...rest] = ranked.map(([currency, sum]) => formatWholeMoney(sum, currency));
  return { value: first ?? '0', others: rest.length === 0 ? undefined : `and ${rest.join(', ')}` };
}

/** Cards with a payment that was blocked or held back. */
function cardsStopped(fraud: FraudStore, since_ms: number): number {
  const cards = new Set<string>();
  for (const { record } of fraud.decisions.newestFirst()) {
    if (record.request.event_ms >= since_ms && record.decision.verdict !== 'allow') cards.add(record.request.card);
  }
  return cards.size;
}

/** The last minute in numbers, counted again each second. */
export function FraudMetrics() {
  const { stores } = useLive();
  const second = useSeconds();
  const { clock, fraud, flow } = stores;
  const since_ms = clock.event_now_ms('payments') - WINDOW_MS * clock.speedOf('payments');
  // Once a second, and at once when the first decisions come: a page that opens doesn't say 0 for a second.
  const filled = fraud.decisions.length > 0;
  const totals = useMemo(() => fraud.dots.totalsSince(since_ms), [fraud, second, filled]);
  const { count, by_verdict } = totals;
  const blocked = moneyOf(totals.blocked_minor);
  const review = moneyOf(totals.review_minor);
  const p99_ms = flow.stage('fraud-scoring')?.age_p99_ms ?? null;
  const much_blocked = count > 0 && by_verdict.block / count > BLOCKED_SHARE_WATCH;
  return (
    <Metrics label="The last minute">
      <Metric
        label="Decisions"
        value={formatRate((count * 1_000) / WINDOW_MS)}
        unit="per s"
        note={`${formatInteger(count)} in 1 min`}
      />
      <Metric
        label="Blocked"
        value={formatShare(by_verdict.block, count)}
        health={much_blocked ? 'watch' : undefined}
        note={formatCount(by_verdict.block, 'payment')}
      />
      <Metric
        label="Review"
        value={formatShare(by_verdict.review, count)}
        note={formatCount(by_verdict.review, 'payment')}
      />
      <Metric
        label="Value saved"
        value={blocked.value}
        note={blocked.others ?? 'blocked in 1 min'}
        title={blocked.others}
      />
      <Metric label="Value at risk" value={review.value} note={review.others ?? 'under review'} title={review.others} />
      {p99_ms === null ? (
        <Metric label="Cards stopped" value={formatInteger(cardsStopped(fraud, since_ms))} note="each once, in 1 min" />
      ) : (
        <Metric label="Decided, p99" value={formatDuration(p99_ms)} note="since it came in" />
      )}
    </Metrics>
  );
}
