import { setTimeout as wait } from 'node:timers/promises';
import { startPlatform } from '@nerveline/testing';
import { measureChangeLatency } from './e2e/change-latency';
import { cpuSeconds, familyOf, residentMb } from './e2e/processes';
import { measureSoldOut } from './e2e/sold-out';
import { percentiles, round } from './percentiles';

const RATE_PER_S = 500;
const FOR_S = 30;
const SALES = 200;
const SETTLING_MS = 10_000;
/** Node's compilers and collectors tidy up for half a minute after a start: that is no idling. */
const CALMING_MS = 30_000;
const IDLE_MS = 20_000;

/**
 * The whole platform as `npm start` runs it, simulator and all: commit in PostgreSQL to the event on a Socket.IO client,
 * last unit sold to sold out on every channel, memory; then, without the simulator, what it costs while nothing happens.
 */
export async function run(parameters: readonly string[]): Promise<Record<string, unknown>> {
  const for_s = Number(parameters[0] ?? FOR_S);
  return { ...(await underLoad(for_s)), ...(await idle()) };
}

async function underLoad(for_s: number): Promise<Record<string, number>> {
  await using platform = await startPlatform();
  await wait(SETTLING_MS);
  const changes = await measureChangeLatency(platform, RATE_PER_S, for_s);
  const sold_out_ms = await measureSoldOut(platform, SALES);
  const [p50_ms = 0, p95_ms = 0, p99_ms = 0, max_ms = 0] = percentiles(changes.latencies_ms, [0.5, 0.95, 0.99, 1]);
  const [sold_out_p50_ms = 0, sold_out_p99_ms = 0] = percentiles(sold_out_ms, [0.5, 0.99]);
  const rss_mb = round(residentMb(familyOf(platform.pids())));
  return {
    p50_ms,
    p95_ms,
    p99_ms,
    max_ms,
    lost: changes.lost,
    doubled: changes.doubled,
    sold_out_p50_ms,
    sold_out_p99_ms,
    rss_mb,
  };
}

/** Share of one core that the platform uses while nobody does anything. */
async function idle(): Promise<Record<string, number>> {
  await using platform = await startPlatform({ words: ['--no-simulator'] });
  await wait(CALMING_MS);
  const family = familyOf(platform.pids());
  const before_s = cpuSeconds(family);
  await wait(IDLE_MS);
  const used_s = cpuSeconds(family) - before_s;
  return { idle_core_percent: round((used_s / (IDLE_MS / 1_000)) * 100), idle_rss_mb: round(residentMb(family)) };
}
