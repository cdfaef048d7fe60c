import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { channelId, encodeJson, tenantId, tenantKey, topics, type PushItem } from '@nerveline/contracts';
import type { OutRecord } from '@nerveline/kernel';
import { openLog } from '@nerveline/log';
import { PushClient } from '@nerveline/push';
import { createTempDirectory, createTestKeys, eventually, freePort } from '@nerveline/testing';
import { percentiles, round } from './percentiles';

const RATE_PER_S = 500;
const CLIENTS = 3;
const FOR_S = 20;
const WARM_UP_S = 3;

const GATEWAY = join(__dirname, '../../apps/live-gateway/src/main.js');

/**
 * A durable append in one process to the record at three clients of a gateway in another, open loop: the latency counts
 * from when an append was due. Parameters: seconds, changes each second, clients.
 */
export async function run(parameters: readonly string[]): Promise<Record<string, unknown>> {
  const [for_s = FOR_S, rate_per_s = RATE_PER_S, clients = CLIENTS] = parameters.map(Number);
  await using directory = await createTempDirectory();
  await using keys = await createTestKeys();
  const log = await openLog({ data_directory: directory.path, service: 'inventory-sync' });
  const port = await freePort();
  const gateway = fork(GATEWAY, [], {
    env: { NERVELINE_DATA_DIR: directory.path, NERVELINE_JWKS: keys.jwks, PORT: String(port), LOG_LEVEL: 'warn' },
  });
  const url = `http://127.0.0.1:${port}`;
  try {
    await eventually(async () => (await fetch(`${url}/health/ready`)).ok, { within_ms: 30_000 });
    const idle_core_percent = await coreShare(url, 5);
    const token = await keys.token({ scopes: ['stock:read'] });
    const seen = await Promise.all(Array.from({ length: clients }, () => listen(url, token)));
    await offer(log, { rate_per_s, for_s: WARM_UP_S });
    await eventually(() => seen.every(({ received }) => received() === rate_per_s * WARM_UP_S));
    for (const { latencies_ms } of seen) latencies_ms.length = 0;
    const before_s = await cpuSeconds(url);
    const appends_ms = await offer(log, { rate_per_s, for_s });
    const core_percent = round((((await cpuSeconds(url)) - before_s) / for_s) * 100);
    await wait(500);
    const lost = seen.reduce((sum, { latencies_ms }) => sum + rate_per_s * for_s - latencies_ms.length, 0);
    const all_ms = seen.flatMap(({ latencies_ms }) => latencies_ms);
    const [p50_ms = 0, p95_ms = 0, p99_ms = 0, max_ms = 0] = percentiles(all_ms, [0.5, 0.95, 0.99, 1]);
    const [append_p50_ms = 0, append_p99_ms = 0] = percentiles(appends_ms, [0.5, 0.99]);
    for (const { client } of seen) client.close();
    const figures = { p50_ms, p95_ms, p99_ms, max_ms, append_p50_ms, append_p99_ms };
    return { clients, rate_per_s, for_s, ...figures, lost, core_percent, idle_core_percent };
  } finally {
    gateway.kill('SIGTERM');
    await once(gateway, 'exit');
    await log.close();
  }
}

async function listen(url: string, token: string) {
  const latencies_ms: number[] = [];
  let received = 0;
  const client = await PushClient.connect({ url, token });
  await client.subscribe('stock.refusals', {
    onItems: (items: readonly PushItem[]) => {
      const now_ms = performance.timeOrigin + performance.now();
      for (const item of items) latencies_ms.push(now_ms - item.event_ms);
      received += items.length;
    },
  });
  return { client, latencies_ms, received: () => received };
}

/** Appends at a steady rate, one record each time that one is due, and gives how long each took to be durable. */
async function offer(
  log: { append(records: readonly OutRecord[]): Promise<unknown> },
  load: { readonly rate_per_s: number; readonly for_s: number },
): Promise<number[]> {
  const began_ms = performance.timeOrigin + performance.now();
  const took_ms: number[] = [];
  const pending: Promise<void>[] = [];
  for (let n = 0; n < load.rate_per_s * load.for_s; n += 1) {
    const due_ms = began_ms + (n * 1_000) / load.rate_per_s;
    const early_ms = due_ms - performance.timeOrigin - performance.now();
    if (early_ms > 0) await wait(early_ms);
    const appended = log.append([record(n, due_ms)]).then(() => {
      took_ms.push(performance.timeOrigin + performance.now() - due_ms);
    });
    pending.push(appended);
  }
  await Promise.all(pending);
  return took_ms;
}

function record(n: number, due_ms: number): OutRecord {
  const topic = topics.refusals;
  const tenant_id = tenantId.parse('demo');
  const channel_id = channelId.parse('web');
  const holder = `cart-${n} ${'x'.repeat(300)}`;
  const value = encodeJson(topic, {
    tenant_id,
    channel_id,
    holder,
    lines: [],
    refused: [],
    event_ms: Math.round(due_ms),
  });
  return { topic: topic.name, key: tenantKey('demo', 'web'), value, timestamp_ms: due_ms };
}

async function cpuSeconds(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)?.[1]);
}

/** Share of one core over so many seconds in which nobody does anything. */
async function coreShare(url: string, seconds: number): Promise<number> {
  const before_s = await cpuSeconds(url);
  await wait(seconds * 1_000);
  return round((((await cpuSeconds(url)) - before_s) / seconds) * 100);
}
