import { topics } from '@nerveline/contracts';
import { eventually, stopOwnPostgres } from '@nerveline/testing';
import { ChannelServer } from './inventory-channel-server';
import { openInventoryPlatform, readTopic } from './inventory-harness';

afterAll(stopOwnPostgres);

async function openChannels() {
  const servers = {
    web: await ChannelServer.open(),
    market: await ChannelServer.open(),
    store: await ChannelServer.open(),
  };
  const all = Object.values(servers);
  return {
    ...servers,
    all,
    urls: Object.fromEntries(Object.entries(servers).map(([name, server]) => [name, server.url])),
    [Symbol.asyncDispose]: async () => {
      for (const server of all) await server[Symbol.asyncDispose]();
    },
  };
}

const soldOut = (sku: string) => (channel: ChannelServer) => channel.taken.get(sku)?.sold_out === true;

test('when the last unit is held, every channel is told that it is sold out, and the log knows that each was', async () => {
  await using channels = await openChannels();
  await using platform = await openInventoryPlatform({ channels: channels.urls });
  await platform.client().receive('A-17', 2);
  await eventually(() => channels.all.every(({ taken }) => taken.get('A-17')?.available === 2));

  const held = await platform.client().reserve({ sku: 'A-17', quantity: 2 });
  await eventually(() => channels.all.every(soldOut('A-17')));

  const acks = await eventually(async () => {
    const found = (await readTopic(platform.log, topics.channelAcks)).filter(
      ({ sold_out, version }) => sold_out && version === 2,
    );
    return found.length === 3 && found;
  });
  expect(acks.map(({ channel_id }) => channel_id).toSorted()).toEqual(['market', 'store', 'web']);
  for (const { delay_ms } of acks) expect(delay_ms).toBeLessThan(10_000);

  await platform.client().post(`/v1/reservations/${String(held.body['reservation_id'])}/release`);
  await eventually(() => channels.all.every(({ taken }) => taken.get('A-17')?.available === 2));
}, 90_000);

test('a sold-out moment is the moment in which the last unit goes: not a product or a channel that is new', async () => {
  await using channels = await openChannels();
  await using platform = await openInventoryPlatform({ skus: ['A-17', 'NEVER-HAD'], channels: channels.urls });
  await eventually(() => channels.all.every(soldOut('NEVER-HAD')));
  for (const _round of [1, 2]) {
    const { body } = await platform.client().receive('A-17', 2);
    await eventually(() => channels.all.every(({ taken }) => taken.get('A-17')?.version === body['entry']));
    await platform.client().reserve({ sku: 'A-17', quantity: 2 });
    await eventually(() => channels.all.every(soldOut('A-17')));
  }
  await using late = await ChannelServer.open();
  await platform.database.query(`INSERT INTO inventory.channels VALUES ('demo', 'late', 'Late', $1)`, [late.url]);
  await eventually(() => soldOut('A-17')(late));
  // What the log knows last is the late channel's two acknowledgements.
  await eventually(async () => {
    const acks = await readTopic(platform.log, topics.channelAcks);
    return acks.filter(({ channel_id }) => channel_id === 'late').length === 2;
  });
  const moments = await readTopic(platform.log, topics.soldOut);
  expect(moments.map(({ sku, version, channel_id }) => `${sku}@${version} ${channel_id}`).toSorted()).toEqual(
    [2, 4].flatMap((version) => ['market', 'store', 'web'].map((channel_id) => `A-17@${version} ${channel_id}`)),
  );
}, 90_000);

test('a channel that fails and is told again never hears an older version after a newer one, and ends up with the truth', async () => {
  await using channels = await openChannels();
  const skus = ['A', 'B', 'C'];
  await using platform = await openInventoryPlatform({ skus, channels: channels.urls });
  const { market } = channels;
  for (const mood of ['broken', 'busy', 'garbage', 'never', 'well'] as const) {
    market.mood = mood;
    const before = market.sent.length;
    for (const sku of skus) {
      await platform.client().receive(sku, 5);
      await platform.client().reserve({ sku, quantity: 3 });
    }
    await eventually(() => market.sent.length > before);
  }
  await eventually(() => skus.every((sku) => channels.all.every(({ taken }) => taken.get(sku)?.available === 10)), {
    within_ms: 30_000,
  });
  for (const channel of channels.all) {
    const newest = new Map<string, number>();
    for (const { sku, version } of channel.sent) {
      expect(version).toBeGreaterThanOrEqual(newest.get(sku) ?? 0);
      newest.set(sku, version);
    }
  }
}, 90_000);

test('kill -9 in the middle of it all: each view once, each audit entry once, and every channel is told the truth', async () => {
  await using channels = await openChannels();
  const skus = ['A', 'B', 'C', 'D'];
  await using platform = await openInventoryPlatform({ skus, channels: channels.urls });
  const MOVEMENTS = 40;
  for (let round = 0; round < 3; round += 1) {
    const work = Array.from({ length: MOVEMENTS }, (_, i) => platform.client().receive(skus[i % 4] ?? 'A', 1));
    await Promise.all(work);
    await platform.killAndRestart();
  }
  const total = (MOVEMENTS * 3) / skus.length;
  await eventually(() => skus.every((sku) => channels.all.every(({ taken }) => taken.get(sku)?.available === total)), {
    within_ms: 30_000,
  });

  const views = await readTopic(platform.log, topics.channelStock);
  const versions = views.map(({ sku, channel_id, version }) => `${sku}/${channel_id}/${version}`);
  expect(new Set(versions).size).toBe(versions.length);
  const audit = await eventually(async () => {
    const found = await readTopic(platform.log, topics.inventoryAudit);
    return found.length >= MOVEMENTS * 3 && found;
  });
  expect(audit).toHaveLength(MOVEMENTS * 3);
  expect(new Set(audit.map(({ object, after }) => `${object} ${JSON.stringify(after)}`)).size).toBe(MOVEMENTS * 3);
  expect(audit[0]).toMatchObject({ principal: { tenant_id: 'demo', subject: 'shop-1' }, action: 'stock.receipt' });
}, 120_000);
