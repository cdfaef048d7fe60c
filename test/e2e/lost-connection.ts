import { randomUUID } from 'node:crypto';
import { topics } from '@nerveline/contracts';
import { eventually, type TestPlatform } from '@nerveline/testing';
import type { Page } from 'playwright-core';
import { allRows, watchRows } from './page-checks';
import type { World } from './world';

/** A supervisor waits longer with each restart. */
const BACK_WITHIN_MS = 60_000;
const GRID = 'Decisions, newest first';

export const decisionTails = (world: World): Promise<readonly number[]> => world.tailsOf(topics.decisions.name);

/** What a page was seen to show over a lost connection. */
export interface SeenOverLoss {
  /** The decisions on the page at the end, as `partition.offset`. */
  readonly shown: readonly string[];
  /** Gaps, doubles, and what was decided meanwhile and never came. */
  readonly wrong: readonly string[];
  readonly fewest_rows: number;
}

/** Kills the gateway under the Fraud page, pays before, meanwhile and after, and tells what is on the page then. */
export async function goesOnAfterKill(page: Page, platform: TestPlatform, world: World): Promise<SeenOverLoss> {
  const rows = page.getByRole('grid', { name: GRID }).locator('[data-row]');
  const run = randomUUID().slice(0, 8);
  await rows.first().waitFor();
  const fewestRows = await watchRows(page);
  await world.pay('card-before', 1_100, `BEFORE-${run}`);
  await rows
    .filter({ hasText: `BEFORE-${run}` })
    .first()
    .waitFor();

  const killed = platform.pidOf('live-gateway') ?? Number.NaN;
  process.kill(killed, 'SIGKILL');
  await page.getByText(/offline since/).waitFor();
  await page.getByText(/The page goes on from there/).waitFor();
  await world.pay('card-between', 1_200, `BETWEEN-${run}`);
  const tails = await decisionTails(world);
  await eventually(() => platform.pidOf('live-gateway') !== killed, { within_ms: BACK_WITHIN_MS });
  await page.getByText('live', { exact: true }).waitFor({ timeout: BACK_WITHIN_MS });
  let tries = 0;
  await eventually(
    async () => {
      // Again and again: a page that forgot its position may begin behind the first of them.
      await world.pay(`card-after-${(tries += 1)}`, 1_300, `AFTER-${run}`);
      return (await rows.filter({ hasText: `AFTER-${run}` }).count()) > 0;
    },
    { within_ms: BACK_WITHIN_MS, what: 'a payment after the loss' },
  );

  const shown = await allRows(page, GRID);
  const lost = tails
    .map((tail, partition) => `${partition}.${tail - 1}`)
    .filter((place) => !place.endsWith('.-1') && !shown.includes(place))
    .map((place) => `never shown: ${place}`);
  return { shown, wrong: [...gapsAndDoubles(shown), ...lost], fewest_rows: await fewestRows() };
}

/** Places in the log, `partition.offset`, that are missing between others or stand there twice. */
function gapsAndDoubles(shown: readonly string[]): string[] {
  const by_partition = new Map<string, number[]>();
  for (const place of shown) {
    const [partition = '', offset] = place.split('.');
    by_partition.set(partition, [...(by_partition.get(partition) ?? []), Number(offset)]);
  }
  return [...by_partition].flatMap(([partition, offsets]) => {
    const sorted = offsets.sort((a, b) => a - b);
    return sorted
      .slice(1)
      .map((offset, index) => [sorted[index] ?? 0, offset] as const)
      .filter(([one, next]) => next !== one + 1)
      .map(([one, next]) => `partition ${partition}: ${next} follows ${one}`);
  });
}
