import { describeWith, eventually, startPlatform, type TestPlatform } from '@nerveline/testing';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, OpenPage, settled, THEMES, type View } from './browser';
import { forgetPositions } from './forget-positions';
import { KEYBOARD_FLOWS } from './keyboard-flows';
import { decisionTails, goesOnAfterKill } from './lost-connection';
import { cutOffOn, tabTo, violationsOn } from './page-checks';
import { World } from './world';

const START_WITHIN_MS = 120_000;
/** For what takes milliseconds, on a machine that is busy. */
const SEEN_WITHIN_MS = 20_000;
/** A world that leaves the machine some air, and rows that can be read. */
const QUIET = { PAYMENTS_PER_S: '3', ORDERS_PER_S: '1', VEHICLES: '20' };
const PHONE = { width_px: 390, height_px: 844 };
/** From a small phone to a desk, around every width at which the design changes. */
const WIDTHS_PX = [360, 390, 640, 760, 761, 900, 1024, 1100, 1101, 1280, 1440, 1720];
/** A killed gateway comes back later each time, and a page asks less and less often. */
const LOSS_WITHIN_MS = 150_000;
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

  /** Opens the detail of the page's first row. */
  async function openDetail(page: Page): Promise<void> {
    await page.getByRole('grid').first().focus();
    await page.keyboard.press('ArrowDown');
    await page.getByRole('complementary').getByRole('heading', { level: 3 }).first().waitFor();
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
    // The last step is the service's; the page asks again until it is there.
    await life.getByRole('listitem').filter({ hasText: 'Handled' }).waitFor();
    const steps = await life.getByRole('listitem').allInnerTexts();
    expect(steps[0]).toMatch(/Committed\s+\+0/);
    expect(steps.join('\n')).toMatch(/In the log\s+\+[\d.]+ (µs|ms|s)/);
    expect(steps.join('\n')).toMatch(/Pushed\s+\+[\d.]+ (µs|ms|s)/);
    expect(steps.join('\n')).toMatch(
      /Handled\s+\+[\d.]+ (µs|ms|s)\s+state of fraud-scoring.lists past cdc.fraud.block_list/,
    );
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
    await question.getByText(/Done. It hits \d+ vehicles?\./).waitFor();
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
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog').waitFor();
  });

  test.each(PAGES)('what one does on %s is done by the keyboard alone', async (name) => {
    const page = await open('/flow');
    await settled(page);
    await KEYBOARD_FLOWS[name](page, world);
  });

  test.each(PAGES)('on %s nothing is cut off at any width, also beside a detail', async (name) => {
    const page = await open(name === 'fleet' ? '/fleet?view=table' : `/${name}`);
    await page.locator('[data-row]').first().waitFor();
    const found: string[] = [];
    for (const detail of [false, true]) {
      if (detail) await openDetail(page);
      for (const width of WIDTHS_PX) {
        await page.setViewportSize({ width, height: 800 });
        await page.evaluate('new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)))');
        found.push(...(await cutOffOn(page)).map((what) => `${width} px: ${what}`));
      }
    }
    expect(found).toEqual([]);
  });

  describe.each(THEMES)('in the %s theme', (theme) => {
    test.each(PAGES)('axe-core finds nothing wrong with %s', async (name) => {
      const page = await open(`/${name}`, { theme });
      await settled(page);
      expect(await violationsOn(page)).toEqual([]);
    });

    test.each(PAGES)('axe-core finds nothing wrong with %s on a phone, also under a detail', async (name) => {
      const page = await open(name === 'fleet' ? '/fleet?view=table' : `/${name}`, { theme, ...PHONE });
      await settled(page);
      await page.locator('[data-row]').first().waitFor();
      expect(await violationsOn(page)).toEqual([]);
      await openDetail(page);
      expect(await violationsOn(page)).toEqual([]);
    });
  });

  test(
    'after the gateway was killed the page goes on without a gap or a double, and was never empty',
    async () => {
      const seen = await goesOnAfterKill(await open('/fraud'), platform, world);
      expect(seen.shown.length).toBeGreaterThan(50);
      expect(seen.wrong).toEqual([]);
      expect(seen.fewest_rows).toBeGreaterThan(0);
    },
    LOSS_WITHIN_MS,
  );

  test(
    'a page that forgets its position over a lost connection is found out',
    async () => {
      const page = await open('/fraud', { prepare: (each) => forgetPositions(each, () => decisionTails(world)) });
      const { wrong } = await goesOnAfterKill(page, platform, world);
      expect(wrong.join('\n')).toMatch(/partition \d: \d+ follows \d+|never shown: \d\.\d+/);
    },
    LOSS_WITHIN_MS,
  );
});
