import { eventually } from '@nerveline/testing';
import type { Page } from 'playwright-core';
import { tabTo } from './page-checks';
import type { World } from './world';

/** What one does on a page, by the keyboard alone, from the Flow page on. */
export const KEYBOARD_FLOWS = { flow, fraud, stock, fleet } satisfies Record<
  string,
  (page: Page, world: World) => Promise<void>
>;

const detailOf = (page: Page, kicker: string | RegExp) => page.getByRole('complementary', { name: kicker });

/** Goes to a table, opens a row, walks to the next one and closes it. */
async function readRows(page: Page, grid: string, kicker: string): Promise<void> {
  const table = page.getByRole('grid', { name: grid });
  await table.locator('[data-row]').first().waitFor();
  await tabTo(page, table);
  await page.keyboard.press('ArrowDown');
  const detail = detailOf(page, `${kicker} in detail`);
  await detail.waitFor();
  const address = page.url();
  await page.keyboard.press('ArrowDown');
  await eventually(() => page.url() !== address, { what: 'the next row' });
  await page.keyboard.press('Escape');
  await detail.waitFor({ state: 'detached' });
}

async function flow(page: Page): Promise<void> {
  await tabTo(page, page.getByRole('group', { name: 'The flow as a picture' }).getByRole('link', { name: /^Relay/ }));
  await page.keyboard.press('Enter');
  const stage = detailOf(page, /^Stage/);
  await stage.getByText('Last two minutes').waitFor();
  await page.keyboard.press('Escape');
  await stage.waitFor({ state: 'detached' });
  await readRows(page, 'Last events', 'Event');
}

async function fraud(page: Page): Promise<void> {
  await page.keyboard.press('2');
  await page.waitForURL('**/fraud');
  await readRows(page, 'Decisions, newest first', 'Decision');
  await page.keyboard.press('/');
  await page.keyboard.type('grocery');
  await page.waitForURL(/q=grocery/);
  await page.keyboard.press('Escape');
  await tabTo(page, page.getByRole('button', { name: 'Pause' }));
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Go on' }).waitFor();
}

async function stock(page: Page): Promise<void> {
  await page.keyboard.press('3');
  await page.waitForURL('**/stock');
  await readRows(page, 'Stock by SKU', 'SKU');
  await tabTo(page, page.getByRole('columnheader', { name: 'Free' }).getByRole('button'));
  await page.keyboard.press('Enter');
  await page.waitForURL(/sort=free/);
  await page.keyboard.press('/');
  await page.keyboard.type('nothing has this name');
  await page.getByText('No SKU fits.').waitFor();
}

async function fleet(page: Page, world: World): Promise<void> {
  await page.keyboard.press('4');
  await page.waitForURL('**/fleet');
  await page
    .getByText(/^\d+ on route$/)
    .first()
    .waitFor();
  await page.keyboard.press('m');
  await page.waitForURL(/view=table/);
  await readRows(page, 'Vehicles', 'Vehicle');

  const segment = await eventually(() => world.somePlannedSegment());
  await page.goto(new URL(`/fleet?road=${segment}`, page.url()).href);
  const reason = page.getByLabel('Reason, as drivers read it');
  await reason.waitFor();
  await tabTo(page, reason);
  await page.keyboard.press('Control+a');
  await page.keyboard.type('closed by keyboard');
  await page.keyboard.press('Enter');
  const question = page.getByRole('dialog');
  await question.waitFor();
  await tabTo(page, question.getByRole('button', { name: 'Close the road' }));
  await page.keyboard.press('Enter');
  await question.getByText(/Done/).waitFor();
  await page.keyboard.press('Escape');
  await question.waitFor({ state: 'detached' });
}
