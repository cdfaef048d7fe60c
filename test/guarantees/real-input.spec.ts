import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { topics, type DecisionRecord, type PushItem } from '@nerveline/contracts';
import { eventually, startPlatform, type TestPlatform } from '@nerveline/testing';
import { openLog } from '@nerveline/log';
import { familyOf, residentMb } from '../bench/e2e/processes';
import { expectedPayments, expectedStock } from './real-input/expected';
import { PageClient } from './real-input/page-client';

const DATA = resolve('../shared/data');
const PAYMENTS = resolve(DATA, 'payments/handbook-2018-04-01_2018-08-14.csv.xz');
const RETAIL = resolve(DATA, 'retail/uci-online-retail-2010-12_2011-10.csv.xz');
const ROADS = resolve(DATA, 'roads/heidelberg.osm.pbf');
const HERE = [PAYMENTS, RETAIL, ROADS].every((path) => existsSync(path));

const PLAYED_S = 60;
const PAYMENTS_SPEED = 5_000;
const RETAIL_SPEED = 20_000;
const VEHICLES = 200;
const MEMORY_LIMIT_MB = 1_500;
const FINISH_DEADLINE_MS = 240_000;

/** Any of them may die; which one is drawn anew in each run and said. */
const VICTIMS = ['cdc-relay', 'fraud-scoring', 'inventory-sync', 'gps-rerouting', 'live-gateway'] as const;
const seed = Number(process.env['NERVELINE_SEED'] ?? Date.now());
const victim = VICTIMS[seed % VICTIMS.length] ?? 'cdc-relay';

const describeIfHere = HERE ? describe : describe.skip;

describeIfHere(
  `a minute of real data at full speed, with ${victim} killed in the middle (seed ${seed})${HERE ? '' : ' [needs data]'}`,
  () => {
    test('the numbers that a page gets equal a count over the files', async () => {
      await using platform = await startPlatform({
        words: [
          '--payments',
          PAYMENTS,
          '--payments-speed',
          String(PAYMENTS_SPEED),
          '--retail',
          RETAIL,
          '--retail-speed',
          String(RETAIL_SPEED),
          '--roads',
          ROADS,
        ],
        environment: { VEHICLES: String(VEHICLES), PLAY_FOR_S: String(PLAYED_S) },
      });
      const decided = new Map<string, number>();
      const onHand = new Map<string, number>();
      using page = new PageClient(platform, {
        'fraud.decisions': (item) => {
          const { request } = item.value as DecisionRecord;
          decided.set(request.payment_id, (decided.get(request.payment_id) ?? 0) + 1);
        },
        'stock.levels': (item) => takeLevel(onHand, item),
      });

      await eventually(() => decided.size > 5_000, { within_ms: FINISH_DEADLINE_MS, what: 'the middle of the minute' });
      const before = platform.pidOf(victim);
      process.kill(before ?? Number.NaN, 'SIGKILL');
      await eventually(() => platform.pidOf(victim) !== before, { within_ms: 30_000, what: `a new ${victim}` });

      const counts = await eventually(() => finished(platform), {
        within_ms: FINISH_DEADLINE_MS,
        what: 'the end of the recorded minute',
      });
      const memory_mb = residentMb(familyOf(platform.pids()));
      const payments = await expectedPayments({ path: PAYMENTS, speed: PAYMENTS_SPEED, for_s: PLAYED_S });
      const stock = await expectedStock({ path: RETAIL, speed: RETAIL_SPEED, for_s: PLAYED_S });

      await eventually(() => decided.size >= payments.size, {
        within_ms: 30_000,
        what: 'the last decision on the page',
      }).catch(() => undefined);
      expect(decided.size).toBe(payments.size);
      expect([...decided].filter(([, times]) => times !== 1)).toEqual([]);
      expect([...payments].filter((id) => !decided.has(id))).toEqual([]);

      await eventually(() => differences(stock.on_hand, onHand).length === 0, { within_ms: 30_000 }).catch(
        () => undefined,
      );
      expect(differences(stock.on_hand, onHand)).toEqual([]);
      expect(counts['recorded_retail']?.['lines']).toBe(stock.lines);
      expect(counts['recorded_retail']?.['refused'] ?? 0).toBe(0);

      const { fixes_accepted = 0, fixes_sent = 0, fixes_off_map = 0, fixes_stale = 0 } = counts['fleet'] ?? {};
      expect(fixes_accepted + fixes_off_map + fixes_stale).toBe(fixes_sent);
      expect(await recordsOf(platform, topics.positions.name)).toBe(fixes_accepted);

      expect(page.resets).toEqual([]);
      expect(restarts(platform)).toEqual([victim]);
      expect(memory_mb).toBeLessThan(MEMORY_LIMIT_MB);
    }, 480_000);
  },
);

type Counts = Record<string, Record<string, number>>;

async function finished(platform: TestPlatform): Promise<Counts | undefined> {
  const { body } = await platform.get('simulator', '/v1/simulator/status');
  const counts = body as Counts;
  return Object.values(counts).every((actor) => actor['finished'] === 1) ? counts : undefined;
}

function takeLevel(onHand: Map<string, number>, { value }: PushItem): void {
  const { after } = value as { after: { sku: string; on_hand: number } | null };
  if (after !== null) onHand.set(after.sku, after.on_hand);
}

function differences(expected: ReadonlyMap<string, number>, shown: ReadonlyMap<string, number>): string[] {
  return [...expected]
    .filter(([sku, units]) => (shown.get(sku) ?? 0) !== units)
    .map(([sku, units]) => `${sku}: ${units} in the file, ${shown.get(sku)} on the page`);
}

async function recordsOf(platform: TestPlatform, topic: string): Promise<number> {
  const log = await openLog({ data_directory: platform.data_directory, service: 'test-reader' });
  try {
    const description = (await log.describe()).find((each) => each.topic === topic);
    return description?.partitions.reduce((sum, { next_offset }) => sum + next_offset, 0) ?? 0;
  } finally {
    await log.close();
  }
}

/** Which services ended and were started again, from what the host said. */
const restarts = (platform: TestPlatform): string[] =>
  platform
    .output()
    .split('\n')
    .filter((line) => line.includes('starts again'))
    .map((line) => line.trim().split(/\s+/)[0] ?? '');
