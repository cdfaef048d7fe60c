import {
  onHandDelta,
  openingStock,
  recordedInvoices,
  RetailFold,
} from '../../../apps/simulator/src/playback/retail-file';
import { recordedPayments } from '../../../apps/simulator/src/playback/payments-file';

/** What part of a file is played. */
export interface Played {
  readonly path: string;
  readonly speed: number;
  readonly for_s: number;
}

/** Ids of the payments of the file that are due in that time. */
export async function expectedPayments({ path, speed, for_s }: Played): Promise<Set<string>> {
  const ids = new Set<string>();
  let first_ms: number | undefined;
  for await (const { payment_id, event_ms } of recordedPayments(path)) {
    first_ms ??= event_ms;
    if ((event_ms - first_ms) / speed > for_s * 1_000) break;
    ids.add(payment_id);
  }
  return ids;
}

export interface ExpectedStock {
  /** Units on hand at the end, by SKU. */
  readonly on_hand: ReadonlyMap<string, number>;
  readonly lines: number;
}

/** What the file says is on hand after that time: opening stock and a fold over its movements. */
export async function expectedStock({ path, speed, for_s }: Played): Promise<ExpectedStock> {
  const on_hand = new Map([...(await openingStock(path))].map(([sku, { units }]) => [sku, units]));
  const fold = new RetailFold();
  let first_ms: number | undefined;
  let lines = 0;
  for await (const invoice of recordedInvoices(path)) {
    first_ms ??= invoice.event_ms;
    if ((invoice.event_ms - first_ms) / speed > for_s * 1_000) break;
    lines += invoice.lines.length;
    for (const movement of fold.movementsOf(invoice)) {
      on_hand.set(movement.sku, (on_hand.get(movement.sku) ?? 0) + onHandDelta(movement));
    }
  }
  return { on_hand, lines };
}
