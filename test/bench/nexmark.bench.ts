import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { Checksum } from './nexmark/checksum';
import { NexmarkGenerator, type NexmarkEvent } from './nexmark/events';
import { handWritten } from './nexmark/hand-written';
import { queryOverLog } from './nexmark/over-log';
import { queries, type QueryName } from './nexmark/queries';
import { addRow, QueryRun } from './nexmark/rows';

const EVENTS = 10_000_000;
const FOR_MS = 30_000;
/** Events are generated and handed over this many at a time. */
const BATCH = 1_000;
const WARM_UP_EVENTS = 300_000;
const LOG_EVENTS = 1_000_000;

interface Consumer {
  take(batch: readonly NexmarkEvent[]): void;
  finish(): void;
}

interface Measured {
  readonly events: number;
  readonly events_per_s: number;
}

/**
 * Nexmark over the stream of docs/nexmark.md, on one core, generator inside the process: what the topologies take, beside
 * the generator alone and beside hand-written loops in the same run. Parameters: `--events N` for a short run, names of
 * queries.
 */
export async function run(parameters: readonly string[]): Promise<Record<string, unknown>> {
  const at = parameters.indexOf('--events');
  const events = at === -1 ? EVENTS : Number(parameters[at + 1]);
  const named = parameters.filter((word) => word in queries) as QueryName[];
  const chosen = named.length > 0 ? named : (Object.keys(queries) as QueryName[]);
  const pinned = pinToOneCore();
  const nothing = { take: () => undefined, finish: () => undefined };
  measure(nothing, WARM_UP_EVENTS);
  const generator = measure(nothing, events);
  const results: Record<string, unknown> = {};
  const by_hand: Record<string, number> = {};
  let q5_rss_mb: number | undefined;
  for (const query of chosen) {
    const checksum = new Checksum();
    warmUp(query);
    const figures = measure(new QueryRun(query, (row) => addRow(checksum, row)), events);
    if (query === 'q5') q5_rss_mb = Math.round(process.memoryUsage.rss() / 2 ** 20);
    results[query] = { ...figures, check: checksum.toString() };
    const loop = handWritten[query];
    if (loop !== undefined) {
      const own = new Checksum();
      const beside = measure(
        loop((row) => addRow(own, row)),
        figures.events,
      );
      if (beside.events === figures.events && own.toString() !== checksum.toString()) {
        throw new Error(`${query}: ${checksum.toString()}, by hand ${own.toString()}`);
      }
      by_hand[query] = beside.events_per_s;
    }
    console.log(query, JSON.stringify(results[query]), 'by hand', by_hand[query]);
  }
  const log_q5_per_s = await queryOverLog('q5', Math.min(events, LOG_EVENTS));
  const [{ model } = { model: 'unknown' }] = cpus();
  return {
    cores: 1,
    pinned,
    machine: model.trim(),
    generator_per_s: generator.events_per_s,
    queries: results,
    by_hand_per_s: by_hand,
    log_q5_per_s,
    ...(q5_rss_mb === undefined ? {} : { q5_rss_mb }),
  };
}

/** Every thread of this process, the collector's included, on the last core. */
function pinToOneCore(): boolean {
  const { status } = spawnSync('taskset', ['-apc', String(cpus().length - 1), String(process.pid)]);
  return status === 0;
}

function warmUp(query: QueryName): void {
  measure(new QueryRun(query, () => undefined), WARM_UP_EVENTS);
}

/** As many events as are wanted, or as go into the time. */
function measure(consumer: Consumer, events: number): Measured {
  const generator = new NexmarkGenerator();
  const batch: NexmarkEvent[] = [];
  const begun_ms = performance.now();
  let n = 0;
  while (n < events && performance.now() - begun_ms < FOR_MS) {
    const size = Math.min(BATCH, events - n);
    batch.length = size;
    for (let index = 0; index < size; index += 1) batch[index] = generator.at(n + index);
    consumer.take(batch);
    n += size;
  }
  consumer.finish();
  return { events: n, events_per_s: Math.round(n / ((performance.now() - begun_ms) / 1_000)) };
}
