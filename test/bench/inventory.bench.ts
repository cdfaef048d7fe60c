import { randomUUID } from 'node:crypto';
import { reservationAnswer } from '@nerveline/contracts';
import { eventually } from '@nerveline/testing';
import { CHANNELS, openStage, type Stage } from './inventory/stage';
import { percentiles, round } from './percentiles';

const SKUS = 2_000;
const CALLERS = 64;
const FOR_MS = 8_000;
const SALES = 150;

/**
 * inventory-sync over HTTP with a real PostgreSQL (synchronous_commit on), the relay and three channels beside it and the
 * callers on the same machine: reservations of one hot SKU, of many SKUs, refusals, and the last unit sold to sold out
 * at every channel.
 */
export async function run(): Promise<Record<string, unknown>> {
  await using stage = await openStage(SKUS, CALLERS);
  await stock(stage, 1_000_000);
  const hot = await load(stage, () => 'S-1');
  const many = await load(stage, () => `S-${2 + Math.floor(Math.random() * (SKUS - 1))}`);
  await empty(stage, 'S-2');
  const sold_out = await load(stage, () => 'S-2');
  const delays_ms = await sellLastUnits(stage);
  const [soldout_propagation_p50_ms, soldout_propagation_p99_ms] = percentiles(delays_ms, [0.5, 0.99]);
  return {
    callers: CALLERS,
    hot_http_grants_per_s: hot.per_s,
    hot_http_p50_ms: hot.p50_ms,
    hot_http_p99_ms: hot.p99_ms,
    many_http_grants_per_s: many.per_s,
    many_http_p50_ms: many.p50_ms,
    many_http_p99_ms: many.p99_ms,
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

/** Callers that ask again as soon as they are answered. */
async function load(stage: Stage, sku: () => string): Promise<{ per_s: number; p50_ms: number; p99_ms: number }> {
  const latencies_ms: number[] = [];
  const begun_ms = performance.now();
  const until_ms = begun_ms + FOR_MS;
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
  return { per_s: round(latencies_ms.length / ((performance.now() - begun_ms) / 1_000)), p50_ms, p99_ms };
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
