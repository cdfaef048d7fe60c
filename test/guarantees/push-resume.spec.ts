import type { PushFrame, PushItem } from '@nerveline/contracts';
import { openLog } from '@nerveline/log';
import { PushClient } from '@nerveline/push';
import { createTempDirectory, createTestKeys, eventually, freePort } from '@nerveline/testing';
import { startGatewayProcess } from '../integration/push-gateway-process';
import { appendNumbered, decisionRecord, numberOf } from '../integration/push-harness';

const TOTAL = 6_000;

/** Counts what arrives, and what arrives out of the order of its partition. */
function ledger() {
  const counts = new Map<number, number>();
  const disorder: string[] = [];
  const last = new Map<number, number>();
  const kinds = new Set<PushFrame['kind']>();
  return {
    counts,
    disorder,
    kinds,
    onFrame: (frame: PushFrame) => void kinds.add(frame.kind),
    onItems: (items: readonly PushItem[]) => {
      for (const item of items) {
        counts.set(numberOf(item), (counts.get(numberOf(item)) ?? 0) + 1);
        if (item.offset <= (last.get(item.partition) ?? -1)) disorder.push(`${item.partition} @ ${item.offset}`);
        last.set(item.partition, item.offset);
      }
    },
  };
}

async function openStage() {
  const [keys, directory, port] = await Promise.all([createTestKeys(), createTempDirectory(), freePort()]);
  const fraud = await openLog({ data_directory: directory.path, service: 'fraud-scoring' });
  const start = () => startGatewayProcess({ data_directory: directory.path, jwks: keys.jwks, port });
  return {
    fraud,
    start,
    connect: async (url: string) => PushClient.connect({ url, token: await keys.token() }),
    [Symbol.asyncDispose]: async () => {
      await fraud.close();
      await directory[Symbol.asyncDispose]();
      await keys[Symbol.asyncDispose]();
    },
  };
}

test('a client that is cut off again and again while facts flow gets each one once, in order', async () => {
  await using stage = await openStage();
  await using gateway = await stage.start();
  const seen = ledger();
  await using client = await stage.connect(gateway.url);
  await client.subscribe('fraud.decisions', seen, {});
  const writing = appendNumbered(stage.fraud, decisionRecord, { from: 0, to: TOTAL, size: 10 });
  for (let cut = 1; cut <= 10; cut += 1) {
    await eventually(() => client.connected && seen.counts.size >= (TOTAL / 12) * cut);
    client.cut();
  }
  await writing;
  await eventually(() => seen.counts.size === TOTAL, { within_ms: 20_000, what: 'all facts at the client' });
  expect([...seen.counts.values()].every((times) => times === 1)).toBe(true);
  expect(seen.disorder).toEqual([]);
  expect([...seen.kinds]).toEqual(['delta']);
}, 60_000);

test('a gateway that is killed while facts flow leaves no gap and repeats nothing when it is back', async () => {
  await using stage = await openStage();
  const seen = ledger();
  let gateway = await stage.start();
  await using client = await stage.connect(gateway.url);
  await client.subscribe('fraud.decisions', seen, {});
  let stopped = false;
  let total = 0;
  const writing = (async () => {
    for (; !stopped; total += 10) await appendNumbered(stage.fraud, decisionRecord, { from: total, to: total + 10 });
  })();
  try {
    for (let kill = 1; kill <= 2; kill += 1) {
      const before = seen.counts.size;
      await eventually(() => seen.counts.size >= before + 500, { within_ms: 20_000, what: 'facts at the client' });
      await gateway.kill();
      gateway = await stage.start();
    }
    const before = seen.counts.size;
    await eventually(() => seen.counts.size >= before + 500, { within_ms: 20_000, what: 'facts after the restart' });
    stopped = true;
    await writing;
    await eventually(() => seen.counts.size === total, { within_ms: 20_000, what: 'all facts at the client' });
  } finally {
    stopped = true;
    await writing;
    await gateway[Symbol.asyncDispose]();
  }
  expect(total).toBeGreaterThan(3_000);
  expect([...seen.counts.values()].every((times) => times === 1)).toBe(true);
  expect(seen.disorder).toEqual([]);
  expect([...seen.kinds]).toEqual(['delta']);
}, 90_000);
