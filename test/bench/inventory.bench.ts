import { randomUUID } from 'node:crypto';
import { reservationAnswer } from '@nerveline/contracts';
import { eventually } from '@nerveline/testing';
import { CHANNELS, openStage, type Stage } from './inventory/stage';
import { percentiles, round } from './percentiles';

const SKUS = 2_000;
const CALLERS = 64;
const UNITS = 1_000_000;
const WARM_UP_MS = 3_000;
const FOR_MS = 8_000;
const SALES = 150;

/**
 * inventory-sync over HTTP with a real PostgreSQL (synchronous_commit on), the relay and three channels beside it and the
 * callers on the same machine: reservations of one hot SKU, of many SKUs, refusals, and the last unit sold to sold out
 * at every channel.
 */
export async function run(): Promise<Record<string, unknown>> {
  await using stage = await openStage(SKUS, CALLERS);
  await stock(stage, UNITS);
  const anySku = () => `S-${2 + Math.floor(Math.random() * (SKUS - 1))}`;
  await load(stage, anySku, WARM_UP_MS);
  const hot = await load(stage, () => 'S-1', FOR_MS);
  const many = await load(stage, anySku, FOR_MS);
  await empty(stage, 'S-2');
  const sold_out = await load(stage, () => 'S-2', FOR_MS);
  const delays_ms = await sellLastUnits(stage);
  const [soldout_propagation_p50_ms, soldout_propagation_p99_ms] = percentiles(delays_ms, [0.5, 0.99]);
  return {
    callers: CALLERS,
    hot_http_grants_per_s: hot.per_s,
    hot_http_p50_ms: hot.p50_ms,
    hot_http_p99_ms: hot.p99_ms,
    hot_cpu_ms_per_grant: hot.cpu_ms_each,
    many_http_grants_per_s: many.per_s,
    many_http_p50_ms: many.p50_ms,
    many_http_p99_ms: many.p99_ms,
    many_cpu_ms_per_grant: many.cpu_ms_each,
    http_soldout_per_s: sold_out.per_s,
    soldout_propagation_p50_ms,
    soldout_propagation_p99_ms,
  };
}

async function call(stage: Stage, path: string, body: object): Promise<unknown> {
  const answer = await stage.http.request({ path, method: 'POST', headers: stage.headers, body: JSON.stringify(body) });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`${path} answered ${answer.statusCode}: ${text}`);
  return JSON.parse(text);
}

const movement = (sku: string, quantity: number) => ({
  idempotency_key: randomUUID(),
  kind: quantity > 0 ? 'receipt' : 'adjustment',
  sku,
  location_id: 'B1',
  quantity,
  reason: 'bench',
});

async function stock(stage: Stage, units: number): Promise<void> {
  const all = Array.from({ length: SKUS }, (_, i) => movement(`S-${i + 1}`, units));
  for (let i = 0; i < SKUS; i += 500) {
    await call(stage, '/v1/stock/movements/batch', { movements: all.slice(i, i + 500) });
  }
  // What the channels are told of this must not be measured with what comes next.
  const isTold = ({ sku }: { sku: string }) =>
    CHANNELS.every((channel) => stage.told_ms.has(`${channel}/${sku}/${units}`));
  await eventually(() => all.every(isTold), { within_ms: 60_000, what: 'every channel told of every SKU' });
}

async function empty({ sql, ...stage }: Stage, sku: string): Promise<void> {
  const { rows } = await sql.query<{ free: number }>(
    'SELECT on_hand - reserved AS free FROM inventory.stock_levels WHERE sku = $1',
    [sku],
  );
  await call({ sql, ...stage }, '/v1/stock/movements', movement(sku, -(rows[0]?.free ?? 0)));
}

async function reserve(stage: Stage, sku: string): Promise<'granted' | 'refused'> {
  const answer = await call(stage, '/v1/reservations', {
    idempotency_key: randomUUID(),
    channel_id: 'web',
    holder: 'bench',
    lines: [{ sku, location_id: 'B1', quantity: 1 }],
    ttl_ms: 3_600_000,
  });
  return reservationAnswer.parse(answer).kind;
}

interface Load {
  readonly per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly cpu_ms_each: number;
}

/** Callers that ask again as soon as they are answered. */
async function load(stage: Stage, sku: () => string, for_ms: number): Promise<Load> {
  const latencies_ms: number[] = [];
  const before_s = await stage.cpuSeconds();
  const begun_ms = performance.now();
  const until_ms = begun_ms + for_ms;
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (performance.now() < until_ms) {
        const asked_ms = performance.now();
        await reserve(stage, sku());
        latencies_ms.push(performance.now() - asked_ms);
      }
    }),
  );
  const [p50_ms = 0, p99_ms = 0] = percentiles(latencies_ms, [0.5, 0.99]);
  const per_s = round(latencies_ms.length / ((performance.now() - begun_ms) / 1_000));
  const cpu_ms_each = round((((await stage.cpuSeconds()) - before_s) * 1_000) / latencies_ms.length);
  return { per_s, p50_ms, p99_ms, cpu_ms_each };
}

/** From the answer that granted the last unit to the moment when the slowest channel was told. */
async function sellLastUnits(stage: Stage): Promise<number[]> {
  const delays_ms: number[] = [];
  const told = (sku: string, available: number) =>
    CHANNELS.map((channel) => stage.told_ms.get(`${channel}/${sku}/${available}`)).filter((at) => at !== undefined);
  for (let i = 0; i < SALES; i += 1) {
    const sku = `S-${100 + i}`;
    await empty(stage, sku);
    await call(stage, '/v1/stock/movements', movement(sku, 1));
    await eventually(() => told(sku, 1).length === CHANNELS.length, { within_ms: 60_000 });
    for (const channel of CHANNELS) (stage.told_ms as Map<string, number>).delete(`${channel}/${sku}/0`);
    if ((await reserve(stage, sku)) !== 'granted') throw new Error(`${sku} was not granted`);
    const sold_ms = performance.now();
    const at_ms = await eventually(() => told(sku, 0).length === CHANNELS.length && told(sku, 0));
    delays_ms.push(Math.max(...at_ms) - sold_ms);
  }
  return delays_ms;
}
