import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startPlatform } from '@nerveline/testing';
import type { Browser } from 'playwright-core';
import { launchBrowser, OpenPage, settled, type Theme } from './browser';
import { World } from './world';

/** `npm run screenshots`: the pictures of docs/screenshots, from a platform of its own once enough has happened on it. */
const DIRECTORY = resolve('docs/screenshots');
const CHROMIUM = process.env['NERVELINE_TEST_CHROMIUM'] ?? '/usr/bin/chromium';
const LIVELY_WITHIN_MS = 180_000;
/** Sold out one after another while the platform runs. */
const SCARCE = [
  ['A-901', 'Brass lamp'],
  ['B-902', 'Trail shoe 42'],
  ['C-903', 'Enamel pot'],
  ['D-904', 'Linen shirt M'],
] as const;

const SIZES: readonly { readonly theme: Theme; readonly width_px: number; readonly height_px: number }[] = [
  { theme: 'dark', width_px: 1440, height_px: 900 },
  { theme: 'light', width_px: 1440, height_px: 900 },
  { theme: 'dark', width_px: 390, height_px: 844 },
];

/** A page is lively when there are at least so many of these on it. */
interface Shot {
  readonly name: string;
  readonly lively: readonly (readonly [selector: string, at_least: number])[];
}

const SHOTS: readonly Shot[] = [
  {
    name: 'flow',
    lively: [
      ['[aria-label="Last events"] [data-row]', 10],
      ['[aria-label="WAL held back over the last two minutes"]', 1],
    ],
  },
  { name: 'fraud', lively: [['[data-row]:has-text("block")', 2]] },
  { name: 'stock', lively: [['[aria-label="Sold-out moments"] li', 4]] },
  {
    name: 'fleet',
    lively: [
      ['[aria-label="Incidents"] li', 1],
      ['[aria-label="Proposals"] li', 3],
    ],
  },
];

async function main(): Promise<void> {
  await mkdir(DIRECTORY, { recursive: true });
  const browser = await launchBrowser(CHROMIUM);
  try {
    await using platform = await startPlatform();
    await sellOut(new World(platform));
    for (const shot of SHOTS)
      for (const size of SIZES) await take(browser, platform.dashboard_url, { ...shot, ...size });
  } finally {
    await browser.close();
  }
}

/** The simulated shops are well stocked, so the last units of a few things are bought here. */
async function sellOut(world: World): Promise<void> {
  for (const [sku, name] of SCARCE) {
    await world.stock(sku, name, 3);
    for (const wanted of [1, 2, 1]) await world.reserve(sku, wanted);
  }
}

async function take(browser: Browser, url: string, shot: Shot & (typeof SIZES)[number]): Promise<void> {
  await using opened = await OpenPage.open(browser, `${url}/${shot.name}`, shot);
  const { page } = opened;
  page.setDefaultTimeout(LIVELY_WITHIN_MS);
  await settled(page);
  for (const [selector, at_least] of shot.lively) {
    await page
      .locator(selector)
      .nth(at_least - 1)
      .waitFor({ state: 'attached' });
  }
  const path = join(DIRECTORY, `${shot.name}-${shot.theme}-${shot.width_px}.png`);
  await page.screenshot({ path });
  console.log(path);
}

void main();
