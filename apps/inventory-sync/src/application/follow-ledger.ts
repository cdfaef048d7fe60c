import { topics } from '@nerveline/contracts';
import type { Effects, Log, StateReader } from '@nerveline/log';
import { vanishedKeys, type CompactedLog } from '@nerveline/stream';
import type { Arrived } from './arrived';
import { auditLedger } from './audit-ledger';
import type { DeliverToChannels } from './deliver-to-channels';
import { viewChannels, type LedgerBatch } from './view-channels';

/** The consumer group of the ledger, and of the tables that stand beside it. */
export const CHANNEL_VIEWS_GROUP = 'inventory-sync.channel-views';

/** The topics that {@link followLedger} takes, in batches of one. */
export const ledgerTopics = [topics.stockLedger, topics.products, topics.channels];

/** What the ledger tells the channels. */
export type ChannelDeliveries = Pick<DeliverToChannels, 'direct' | 'forget' | 'offer'>;

/** Rows that one commit takes out which vanished. */
const VANISHED_SLICE = 200;

/**
 * What the ledger brings about behind PostgreSQL: the channels' views and the audit, in one commit with the input
 * position; and the channels are told. They are told without a wait for that commit: what the ledger says was committed
 * in PostgreSQL and can't become untrue, the same record gives the same version after a crash, and a channel keeps the
 * newest.
 *
 * @throws NervelineError `NL-LOG-011` for a row that the audit can't read, before anybody is told anything
 */
export function followLedger(durable: StateReader, deliveries: ChannelDeliveries, batch: LedgerBatch): Effects {
  const { appends, state, due, endpoints, gone } = viewChannels(durable, batch);
  const audit = auditLedger(batch.entries ?? []);
  for (const key of gone) deliveries.forget(key);
  for (const [key, endpoint_url] of endpoints) deliveries.direct(key, endpoint_url);
  deliveries.offer(due, gone);
  return { appends: [...appends, ...audit], state };
}

/** Takes products and channels out that went while nobody read, and of which compaction left nothing. */
export async function forgetVanished(
  log: CompactedLog & Pick<Log, 'commit' | 'state'>,
  deliveries: ChannelDeliveries,
): Promise<void> {
  const followed = [
    { topic: topics.products.name, store: 'views', part: 'products' },
    { topic: topics.channels.name, store: 'channels', part: 'channels' },
  ] as const;
  for (const { topic, store, part } of followed) {
    const known = [...log.state.scan(store, '')].map(([key]) => key);
    const gone = await vanishedKeys(log, { group: CHANNEL_VIEWS_GROUP, topic, known });
    const tombstones = gone.map((key): Arrived<never> => ({ key, value: null, headers: {} }));
    for (let i = 0; i < tombstones.length; i += VANISHED_SLICE) {
      const batch = { [part]: tombstones.slice(i, i + VANISHED_SLICE) };
      await log.commit(followLedger(log.state, deliveries, batch));
    }
  }
}
