import type { Scope } from '@nerveline/kernel';
import { topics } from '../topics/catalogue';
import type { Topic } from '../topics/topic';

/**
 * What a page may subscribe to. *facts*: every record, in the order of the log, the snapshot being the last
 * `snapshot_records`. *gauge*: the latest by key, the snapshot being all of them.
 */
export type PushStream =
  | {
      readonly kind: 'facts';
      readonly scope: Scope;
      readonly topics: readonly Topic[];
      readonly snapshot_records: number;
    }
  | { readonly kind: 'gauge'; readonly scope: Scope; readonly topics: readonly Topic[] };

export const pushStreams = {
  'flow.events': {
    kind: 'facts',
    scope: 'ops:read',
    topics: [
      topics.blockList,
      topics.stockLedger,
      topics.orders,
      topics.decisions,
      topics.channelStock,
      topics.rerouteDecisions,
      topics.traffic,
    ],
    snapshot_records: 200,
  },
  'fraud.decisions': { kind: 'facts', scope: 'payments:read', topics: [topics.decisions], snapshot_records: 1_000 },
  'stock.products': {
    kind: 'gauge',
    scope: 'stock:read',
    topics: [topics.products, topics.locations, topics.channels],
  },
  'stock.levels': { kind: 'gauge', scope: 'stock:read', topics: [topics.stockLevels] },
  'stock.channels': { kind: 'gauge', scope: 'stock:read', topics: [topics.channelStock] },
  // A topic of their own: among all acknowledgements the moments would be out of the snapshot within minutes.
  'stock.sold_out': { kind: 'facts', scope: 'stock:read', topics: [topics.soldOut], snapshot_records: 600 },
  'stock.ledger': { kind: 'facts', scope: 'stock:read', topics: [topics.stockLedger], snapshot_records: 500 },
  'stock.refusals': { kind: 'facts', scope: 'stock:read', topics: [topics.refusals], snapshot_records: 200 },
  'fleet.vehicles': { kind: 'gauge', scope: 'fleet:read', topics: [topics.vehicleStates] },
  'fleet.plans': { kind: 'gauge', scope: 'fleet:read', topics: [topics.plans] },
  'fleet.traffic': { kind: 'facts', scope: 'fleet:read', topics: [topics.traffic], snapshot_records: 500 },
  'fleet.decisions': { kind: 'facts', scope: 'fleet:read', topics: [topics.rerouteDecisions], snapshot_records: 500 },
} as const satisfies Record<string, PushStream>;

export type PushStreamName = keyof typeof pushStreams;
