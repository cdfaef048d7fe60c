import {
  channelId,
  encodeJson,
  sku,
  tenantId,
  tenantKey,
  topics,
  type PushItem,
  type Topic,
} from '@nerveline/contracts';
import type { OutRecord } from '@nerveline/kernel';
import { eventually } from '@nerveline/testing';
import { openPushHarness } from './push-harness';

const ack = (name: string) => ({
  tenant_id: tenantId.parse('demo'),
  sku: sku.parse(name),
  channel_id: channelId.parse('web'),
  version: 7,
  delay_ms: 4,
  event_ms: 1_000,
});

const recordOf = (topic: Topic, name: string, value: Uint8Array): OutRecord => ({
  topic: topic.name,
  key: tenantKey('demo', name, 'web'),
  value,
  timestamp_ms: 1_000,
});

test('a page that opens after thousands of other acknowledgements still sees what has sold out', async () => {
  await using push = await openPushHarness();
  await push.inventory.append([recordOf(topics.soldOut, 'GONE', encodeJson(topics.soldOut, ack('GONE')))]);
  const others = Array.from({ length: 5_000 }, (_, i) => {
    const name = `OTHER-${i}`;
    return recordOf(topics.channelAcks, name, encodeJson(topics.channelAcks, { ...ack(name), sold_out: false }));
  });
  await push.inventory.append(others);

  const client = await push.connect();
  const items: PushItem[] = [];
  await client.subscribe('stock.sold_out', { onItems: (fresh) => void items.push(...fresh) });
  await eventually(() => items.length > 0);
  expect(items.map(({ value }) => value)).toEqual([ack('GONE')]);
  expect(push.errors).toEqual([]);
});
