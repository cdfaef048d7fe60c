import { measureDecideAlone } from './fraud/decide-alone';
import type { LoadResult } from './fraud/load';
import { openStage, type Stage } from './fraud/stage';
import { round } from './percentiles';

const CONNECTIONS = 64;
const OPEN_PER_S = 1_000;
const WARM_UP_MS = 3_000;
const ROUNDS = 5;
const CLOSED_MS = 4_000;
const OPEN_MS = 6_000;

interface Load {
  readonly closed: LoadResult[];
  readonly open: LoadResult[];
}

/**
 * fraud-scoring over HTTP beside a bare Fastify server that makes one durable append for each request, the load generator
 * on the same machine: 64 connections that ask again as soon as they are answered, then 1,000 requests a second whether
 * answered or not. The two take turns, so that what else the machine does hits both; figures are medians of the rounds.
 */
export async function run(): Promise<Record<string, unknown>> {
  const alone = measureDecideAlone();
  await using stage = await openStage();
  const fraud: Load = { closed: [], open: [] };
  const bare: Load = { closed: [], open: [] };
  const servers = [
    { url: stage.bare_url, load: bare },
    { url: stage.fraud_url, load: fraud },
  ];
  for (const { url } of servers) await closedLoop(stage, url, WARM_UP_MS);
  for (let i = 0; i < ROUNDS; i += 1) {
    for (const { url, load } of servers) load.closed.push(await closedLoop(stage, url, CLOSED_MS));
    for (const { url, load } of servers) {
      const request = { url, headers: stage.headers, connections: CONNECTIONS, for_ms: OPEN_MS };
      load.open.push(await stage.load({ ...request, rate_per_s: OPEN_PER_S }));
    }
  }
  const ours = figures(fraud);
  const theirs = figures(bare);
  return {
    connections: CONNECTIONS,
    rounds: ROUNDS,
    throughput_ratio: round(ours.closed_per_s / theirs.closed_per_s),
    open1000_p50_ratio: round(ours.open1000_p50_ms / theirs.open1000_p50_ms),
    open1000_p99_ratio: round(ours.open1000_p99_ms / theirs.open1000_p99_ms),
    open1000_p999_ratio: round(ours.open1000_p999_ms / theirs.open1000_p999_ms),
    ...alone,
    ...named('fraud', ours),
    ...named('bare', theirs),
  };
}

function closedLoop(stage: Stage, url: string, for_ms: number): Promise<LoadResult> {
  return stage.load({ url, headers: stage.headers, connections: CONNECTIONS, for_ms });
}

function figures({ closed, open }: Load) {
  return {
    closed_per_s: median(closed.map(({ per_s }) => per_s)),
    closed_p50_ms: median(closed.map(({ p50_ms }) => p50_ms)),
    closed_p99_ms: median(closed.map(({ p99_ms }) => p99_ms)),
    open1000_p50_ms: median(open.map(({ p50_ms }) => p50_ms)),
    open1000_p99_ms: median(open.map(({ p99_ms }) => p99_ms)),
    open1000_p999_ms: median(open.map(({ p999_ms }) => p999_ms)),
  };
}

function named(server: string, all: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [`${server}_${name}`, value as unknown]));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
