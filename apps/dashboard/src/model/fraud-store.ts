import type { DecisionRecord, PushItem } from '@nerveline/contracts';
import type { RenderBatch } from '../client/render-batch';
import { Ring } from '../client/ring';
import type { StreamSink } from '../client/stream-sink';
import { Store } from '../client/store';
import { valueOf } from '../client/topic-values';
import { DecisionDots } from './decision-dots';

/** Decisions that the table holds; older ones are in the log, and a link to one still opens it. */
export const KEPT_DECISIONS = 5_000;

/** A decision with its place in the log, which is also its address: `partition.offset`. */
export interface DecisionRow {
  readonly id: string;
  readonly partition: number;
  readonly offset: number;
  readonly record: DecisionRecord;
  /** What the text filter looks into, in lower case. */
  readonly search_text: string;
  readonly received_ms: number;
}

export function decisionRow(item: PushItem, received_ms: number): DecisionRow | null {
  const record = valueOf(item, 'fraud.decisions');
  if (record === null) return null;
  const { request, decision } = record;
  const words = [request.card, request.merchant_id, request.merchant_category, request.payment_id, request.country];
  const why = decision.reasons.map(({ code, text }) => `${code} ${text}`);
  return {
    id: `${item.partition}.${item.offset}`,
    partition: item.partition,
    offset: item.offset,
    record,
    search_text: [...words, ...why].filter(Boolean).join(' ').toLowerCase(),
    received_ms,
  };
}

/** Decisions as they fall. */
export class FraudStore extends Store {
  readonly decisions = new Ring<DecisionRow>(KEPT_DECISIONS);
  readonly dots = new DecisionDots();

  constructor(
    batch: RenderBatch,
    private readonly local_ms: () => number = () => performance.now(),
  ) {
    super(batch);
  }

  readonly sink: StreamSink = {
    take: (items, replace) => {
      if (replace) {
        this.decisions.clear();
        this.dots.clear();
      }
      for (const item of inEventOrder(items, replace)) this.#add(item);
      this.changed();
    },
  };

  #add(item: PushItem): void {
    const row = decisionRow(item, this.local_ms());
    if (row === null) return;
    const { event_ms, amount_minor, currency } = row.record.request;
    const { verdict } = row.record.decision;
    this.decisions.push(row);
    this.dots.add({ event_ms, amount_minor, currency, verdict, partition: row.partition, offset: row.offset });
  }
}

/** A snapshot comes partition by partition; the table shows it by time. Deltas keep the log's order. */
function inEventOrder(items: readonly PushItem[], snapshot: boolean): readonly PushItem[] {
  return snapshot ? [...items].sort((a, b) => a.event_ms - b.event_ms) : items;
}
