import { channelId, decodeJson, sku, splitTenantKey, tenantId, topics, type Topic } from '@nerveline/contracts';
import type { LogRecord } from '@nerveline/log';
import { CompactedTopics, eventually, VirtualClock } from '@nerveline/testing';
import type { z } from 'zod';
import { arrived } from './arrived';
import { DeliverToChannels } from './deliver-to-channels';
import {
  CHANNEL_VIEWS_GROUP,
  followLedger,
  forgetVanished,
  ledgerTopics,
  type ChannelDeliveries,
} from './follow-ledger';
import type { LedgerBatch } from './view-channels';

const tenant_id = tenantId.parse('demo');
const [A, B] = [sku.parse('A'), sku.parse('B')];
const [web, store] = [channelId.parse('web'), channelId.parse('store')];

const source = { schema: 'inventory', table: 'any', ts_ms: 0, snapshot: 'false', position: '1:1:0/1:0' };
const changed = (op: string, after: object | null) => ({
  op,
  before: null,
  after,
  source,
  ts_ms: 1,
  transaction: null,
});

const LEDGER = ledgerTopics.map(({ name }) => name);

/** Records of one topic as they come through the log. */
function batchOf(records: readonly LogRecord[]): LedgerBatch {
  const read = <Schema extends z.ZodType>(topic: Topic<Schema>) =>
    arrived(
      records,
      records.map(({ value }) => value && decodeJson(topic, value)),
    );
  if (records[0]?.topic === topics.products.name) return { products: read(topics.products) };
  if (records[0]?.topic === topics.channels.name) return { channels: read(topics.channels) };
  return { entries: read(topics.stockLedger) };
}

const product = (name: string) => changed('c', { tenant_id, sku: name, name, price_minor: 100, currency: 'EUR' });
const channel = (name: string) =>
  changed('c', { tenant_id, channel_id: name, name, endpoint_url: `http://${name}.example/stock` });

/** Two products on two channels, and what became of them. */
async function open() {
  const log = new CompactedTopics(CHANNEL_VIEWS_GROUP);
  const directed = new Map<string, string | null>();
  const deliveries: ChannelDeliveries = {
    direct: (key, endpoint_url) => void directed.set(key, endpoint_url),
    forget: () => undefined,
    offer: () => undefined,
  };
  const feed = () => log.feed(LEDGER, (records) => followLedger(log.state, deliveries, batchOf(records)));
  for (const name of [A, B]) log.put(topics.products, `demo/${name}`, product(name));
  for (const name of [web, store]) log.put(topics.channels, `demo/${name}`, channel(name));
  await feed();
  return {
    log,
    directed,
    feed,
    restart: () => forgetVanished(log, deliveries),
    /** `SKU/CHANNEL` that pages and channels still see. */
    shown: () => {
      const latest = new Map(log.appended.map(({ key, value }) => [String(key), value]));
      const left = [...latest].filter(([, value]) => value !== null);
      return left.map(([key]) => splitTenantKey(key).slice(1).join('/')).sort();
    },
  };
}

const gone = [
  ['a product', topics.products, 'demo/A', ['B/store', 'B/web']],
  ['a channel', topics.channels, 'demo/store', ['A/web', 'B/web']],
] as const;

test.each(gone)('%s of which compaction left the tombstone is gone', async (_what, topic, key, left) => {
  const { log, feed, shown, directed } = await open();
  expect(shown()).toEqual(['A/store', 'A/web', 'B/store', 'B/web']);
  log.wipe(topic, key);
  log.put(topic, key, null);
  await feed();
  expect(shown()).toEqual(left);
  expect(directed.get('demo/store')).toBe(topic === topics.channels ? null : 'http://store.example/stock');
});

test.each(gone)('%s of which compaction left nothing is gone at the next start', async (_what, topic, key, left) => {
  const { log, restart, shown, directed } = await open();
  log.put(topic, key, null);
  log.wipe(topic, key);
  await restart();
  expect(shown()).toEqual(left);
  expect(directed.get('demo/store')).toBe(topic === topics.channels ? null : 'http://store.example/stock');
});

test('a TRUNCATE of the channels takes all of them', async () => {
  const { log, feed, shown, directed } = await open();
  log.put(topics.channels, null, changed('t', null));
  await feed();
  expect(shown()).toEqual([]);
  expect([...directed.values()]).toEqual([null, null]);
});

describe('a channel that is made again under its name', () => {
  /** The real deliveries, over channels that take everything. */
  async function deliver() {
    const log = new CompactedTopics(CHANNEL_VIEWS_GROUP);
    const sent: string[] = [];
    const deliveries = new DeliverToChannels({
      log,
      endpoint: { send: async (url, { items }) => void sent.push(...items.map((item) => `${url} ${item.sku}`)) },
      clock: new VirtualClock(),
      random: () => 0,
      onTaken: () => undefined,
      onFailure: () => undefined,
    });
    const feed = async () => {
      await log.feed(LEDGER, (records) => followLedger(log.state, deliveries, batchOf(records)));
      await eventually(() => Object.values(deliveries.waiting()).every((count) => count === 0));
    };
    log.put(topics.products, 'demo/A', product(A));
    log.put(topics.channels, 'demo/web', channel(web));
    await feed();
    await eventually(() => log.state.scan('acks', '').length === 1);
    return { log, feed, sent, deliveries };
  }

  const remade = changed('c', { tenant_id, channel_id: web, name: 'web', endpoint_url: 'http://new.example/stock' });

  test.each([
    ['at once', false],
    ['later', true],
  ])('%s, is told everything anew', async (_when, pauses) => {
    const { log, feed, sent, deliveries } = await deliver();
    log.put(topics.channels, 'demo/web', changed('d', null));
    log.put(topics.channels, 'demo/web', null);
    if (pauses) await feed();
    log.put(topics.channels, 'demo/web', remade);
    await feed();
    await eventually(() => sent.length === 2);
    expect(sent).toEqual(['http://web.example/stock A', 'http://new.example/stock A']);
    await deliveries.stop();
  });
});
