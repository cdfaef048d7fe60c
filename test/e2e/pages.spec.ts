import { topics } from '@nerveline/contracts';
import { describeWith, eventually, startPlatform, type TestPlatform } from '@nerveline/testing';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, OpenPage, settled, THEMES, type View } from './browser';
import { allRows, tabTo, violationsOn, watchRows } from './page-checks';
import { World } from './world';

const START_WITHIN_MS = 120_000;
/** For what takes milliseconds, on a machine that is busy. */
const SEEN_WITHIN_MS = 20_000;
/** A world that leaves the machine some air, and rows that can be read. */
const QUIET = { PAYMENTS_PER_S: '3', ORDERS_PER_S: '1', VEHICLES: '20' };
const PAGES = ['flow', 'fraud', 'stock', 'fleet'] as const;

jest.setTimeout(60_000);

describeWith('chromium', 'the pages, in a browser', (executable_path) => {
  let platform: TestPlatform;
  let world: World;
  let browser: Browser;
  const opened: OpenPage[] = [];

  beforeAll(async () => {
    [platform, browser] = await Promise.all([startPlatform({ environment: QUIET }), launchBrowser(executable_path)]);
    world = new World(platform);
  }, START_WITHIN_MS);

  afterAll(async () => {
    await browser?.close();
    await platform?.[Symbol.asyncDispose]();
  }, START_WITHIN_MS);

  afterEach(async () => {
    const errors = opened.flatMap((each) => each.errors);
    for (const each of opened.splice(0)) await each[Symbol.asyncDispose]();
    expect(errors).toEqual([]);
  });

  async function open(path: string, view?: Partial<View>): Promise<Page> {
    const page = await OpenPage.open(browser, platform.dashboard_url + path, view);
    opened.push(page);
    page.page.setDefaultTimeout(SEEN_WITHIN_MS);
    return page.page;
  }

  const rowsOf = (page: Page, label: string) => page.getByRole('grid', { name: label }).locator('[data-row]');

  test('a row that is committed in PostgreSQL is seen on Flow, and a click shows its life', async () => {
    const page = await open('/flow');
    const events = rowsOf(page, 'Last events');
    await events.first().waitFor();
    let tries = 0;
    await eventually(
      async () => {
        // The list runs: while the opening stock comes in, a row is gone again before it can be pressed.
        const card = `card-of-flow-${(tries += 1)}`;
        await world.block(card, 'to be seen');
        await events.filter({ hasText: card }).click({ timeout: 2_000 });
        return true;
      },
      { within_ms: SEEN_WITHIN_MS, what: 'a click on the row' },
    );
    const life = page.getByRole('complementary', { name: 'Event in detail' });
    await life.getByText('Its life').waitFor();
    const steps = await life.getByRole('listitem').allInnerTexts();
    expect(steps[0]).toMatch(/Committed\s+\+0/);
    expect(steps.join('\n')).toMatch(/In the log\s+\+[\d.]+ (µs|ms|s)/);
    expect(steps.join('\n')).toMatch(/Pushed\s+\+[\d.]+ (µs|ms|s)/);
    await life.getByText('to be seen').waitFor();
  });

  test('a card that is put on the block list by SQL is seen blocked with its next payment, and why', async () => {
    const page = await open('/fraud?q=card-of-fraud');
    expect(await world.pay('card-of-fraud', 1_250)).toBe('allow');
    const rows = rowsOf(page, 'Decisions, newest first');
    await rows.filter({ hasText: 'allow' }).waitFor();

    await world.block('card-of-fraud', 'reported stolen');
    await eventually(async () => (await world.pay('card-of-fraud', 1_250)) === 'block', { what: 'a blocked payment' });
    const blocked = rows.filter({ hasText: 'block' }).first();
    await blocked.waitFor();
    await blocked.click();
    const decision = page.getByRole('complementary', { name: 'Decision in detail' });
    await decision.getByText('reported stolen').first().waitFor();
  });

  test('the last unit that is reserved is seen sold out in every channel, and a search finds it', async () => {
    await world.stock('LAST-OF-STOCK', 'The last lamp', 1);
    const page = await open('/stock');
    await page.getByRole('searchbox', { name: 'Search SKU or name' }).fill('last lamp');
    const row = rowsOf(page, 'Stock by SKU').filter({ hasText: 'LAST-OF-STOCK' });
    await row.waitFor();
    expect(await rowsOf(page, 'Stock by SKU').count()).toBe(1);
    await eventually(async () => (await row.getByTitle('sold out').count()) === 0, { what: 'the unit on offer' });

    const sold_out = page.getByRole('group', { name: 'Sold-out moments, newest first' });
    const moments = sold_out.getByRole('listitem').filter({ hasText: 'LAST-OF-STOCK' });
    // Channels may have been told of the product before its unit came in: that was a moment too.
    const moments_before = await moments.count();

    expect(await world.reserve('LAST-OF-STOCK', 1)).toBe('granted');
    expect(await world.reserve('LAST-OF-STOCK', 1)).toBe('refused');
    await eventually(async () => (await row.getByTitle('sold out').count()) === 3, {
      within_ms: SEEN_WITHIN_MS,
      what: 'sold out in three channels',
    });
    await eventually(async () => (await moments.filter({ hasText: 'everywhere in' }).count()) > moments_before, {
      within_ms: SEEN_WITHIN_MS,
      what: 'a sold-out moment that every channel has answered',
    });
    const refusals = page.getByRole('group', { name: 'Refused reservations, newest first' });
    await refusals.getByRole('listitem').filter({ hasText: 'LAST-OF-STOCK' }).first().waitFor();
  });

  test('vehicles move, and a closure that is reported on the page stands among the incidents', async () => {
    const page = await open('/fleet?view=table');
    const vehicles = rowsOf(page, 'Vehicles');
    await vehicles.first().waitFor();
    const first = await vehicles.allInnerTexts();
    await eventually(async () => String(await vehicles.allInnerTexts()) !== String(first), {
      within_ms: SEEN_WITHIN_MS,
      what: 'another speed or distance',
    });

    const segment = await eventually(() => world.somePlannedSegment(), { within_ms: SEEN_WITHIN_MS });
    const map = await open(`/fleet?road=${segment}`);
    await map.getByLabel('Reason, as drivers read it').fill('a crane on the road');
    await map.getByRole('button', { name: 'Report the closure…' }).click();
    const question = map.getByRole('dialog');
    await question.getByRole('button', { name: 'Close the road' }).click();
    await question.getByText(/Done. It hits \d+ vehicles/).waitFor();
    for (const each of [page, map]) {
      const incidents = each.getByRole('group', { name: 'Incidents, newest first' });
      await incidents.getByRole('listitem').filter({ hasText: 'a crane on the road' }).getByText('closed').waitFor();
    }
  });

  test('the map draws its roads, and a click on one opens it', async () => {
    const page = await open('/fleet');
    await settled(page);
    const map = page.locator('canvas.maplibregl-canvas');
    const box = await map.boundingBox();
    if (box === null) throw new Error('the map has no place on the page');
    const detail = page.getByRole('complementary', { name: /^(Road|Vehicle) in detail$/ });
    let step = 0;
    await eventually(
      async () => {
        // From the middle outwards, until the pointer says that something lies under it.
        step += 1;
        await page.mouse.move(box.x + box.width / 2 + 3 * step, box.y + box.height / 2 + step);
        if ((await page.locator('canvas[style*="cursor: pointer"]').count()) === 0) return false;
        await page.mouse.down();
        await page.mouse.up();
        return (await detail.count()) > 0;
      },
      { within_ms: SEEN_WITHIN_MS, what: 'a road under the pointer' },
    );
  });

  test('every page is reached by the keyboard alone', async () => {
    const page = await open('/flow');
    const rail = page.getByRole('navigation', { name: 'Pages' });
    for (const title of ['Fraud', 'Stock', 'Fleet', 'Flow']) {
      await tabTo(page, rail.getByRole('link', { name: title, exact: true }));
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: title }).waitFor({ state: 'attached' });
    }
    await page.keyboard.press('2');
    await page.waitForURL('**/fraud');
    await rowsOf(page, 'Decisions, newest first').first().waitFor();
    await tabTo(page, page.getByRole('grid', { name: 'Decisions, newest first' }));
    await page.keyboard.press('ArrowDown');
    await page.getByRole('complementary', { name: 'Decision in detail' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('complementary', { name: 'Decision in detail' }).waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
  });

  describe.each(THEMES)('in the %s theme', (theme) => {
    test.each(PAGES)('axe-core finds nothing wrong with %s', async (name) => {
      const page = await open(`/${name}`, { theme });
      await settled(page);
      expect(await violationsOn(page)).toEqual([]);
    });
  });

  test('after the gateway was killed the page goes on without a gap or a double, and was never empty', async () => {
    const page = await open('/fraud');
    const rows = rowsOf(page, 'Decisions, newest first');
    await rows.first().waitFor();
    const fewestRows = await watchRows(page);
    await world.pay('card-before', 1_100, 'SHOP-BEFORE');
    await rows.filter({ hasText: 'SHOP-BEFORE' }).first().waitFor();

    const before = platform.pidOf('live-gateway') ?? Number.NaN;
    process.kill(before, 'SIGKILL');
    await page.getByText(/offline since/).waitFor();
    await page.getByText(/The page goes on from there/).waitFor();
    const tails = await world.tailsOf(topics.decisions.name);
    await world.pay('card-between', 1_200, 'SHOP-BETWEEN');
    await eventually(() => platform.pidOf('live-gateway') !== before, { within_ms: SEEN_WITHIN_MS });
    await page.getByText('live', { exact: true }).waitFor();
    await rows.filter({ hasText: 'SHOP-BETWEEN' }).first().waitFor();
    await world.pay('card-after', 1_300, 'SHOP-AFTER');
    await rows.filter({ hasText: 'SHOP-AFTER' }).first().waitFor();

    const shown = await allRows(page, 'Decisions, newest first');
    expect(shown.length).toBeGreaterThan(50);
    expect(gapsAndDoubles(shown)).toEqual([]);
    tails.forEach((tail, partition) => expect(shown).toContain(`${partition}.${tail - 1}`));
    expect(await fewestRows()).toBeGreaterThan(0);
  });
});

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
