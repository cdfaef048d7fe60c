import { useLive, useVersion } from '../../app/live';
import { formatDuration, formatInteger, formatRate } from '../../design/format';
import { Metric, Metrics } from '../../design/Metric';
import type { SalesPace } from '../../model/sales-pace';
import { freeOf, type SkuRow } from '../../model/stock-store';

const MINUTE_MS = 60_000;
const MINUTE_S = 60;
/** Above this a sold-out item is offered for too long on some channel. */
const EVERYWHERE_WATCH_MS = 250;

interface Totals {
  held: number;
  oversold: number;
  sold_out: number;
}

function totalsOf(rows: Iterable<SkuRow>): Totals {
  const totals = { held: 0, oversold: 0, sold_out: 0 };
  for (const row of rows) {
    totals.held += row.reserved;
    if (row.levels.size > 0 && freeOf(row) <= 0) totals.sold_out += 1;
    for (const { on_hand, reserved } of row.levels.values()) if (reserved > on_hand) totals.oversold += 1;
  }
  return totals;
}

/** What the shop lives by: nothing is oversold, and what is gone is gone everywhere. */
export function StockMetrics({ pace }: { pace: SalesPace }) {
  const { stores } = useLive();
  useVersion(stores.stock);
  const { stock, clock } = stores;
  const now_ms = clock.event_now_ms('stock');
  const { held, oversold, sold_out } = totalsOf(stock.skus.values());
  let refused = 0;
  for (const { event_ms } of stock.refusals.newestFirst()) {
    if (now_ms - event_ms > MINUTE_MS) break;
    refused += 1;
  }
  const p99_ms = stock.soldOut.p99Ms();
  return (
    <Metrics label="Now">
      <Metric
        label="Holds granted"
        value={formatRate(pace.grants_last_minute / MINUTE_S)}
        unit="per s"
        note={`${formatInteger(pace.grants_last_minute)} in 1 min`}
      />
      <Metric label="Refused" value={formatInteger(refused)} note="in 1 min" />
      <Metric
        label="Oversold"
        value={formatInteger(oversold)}
        health={oversold > 0 ? 'bad' : 'good'}
        note="levels below 0"
      />
      <Metric label="Held" value={formatInteger(held)} unit="units" note="in carts and orders" />
      <Metric
        label="Sold out"
        value={formatInteger(sold_out)}
        unit="SKUs"
        note={`of ${formatInteger(stock.skus.size)}`}
      />
      <Metric
        label="Gone everywhere"
        value={p99_ms === null ? '–' : formatDuration(p99_ms)}
        health={p99_ms !== null && p99_ms > EVERYWHERE_WATCH_MS ? 'watch' : undefined}
        note="p99, all channels"
      />
    </Metrics>
  );
}
