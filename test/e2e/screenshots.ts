import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { startPlatform } from '@nerveline/testing';
import type { Page } from 'playwright-core';
import { launchBrowser, OpenPage, settled, type Theme } from './browser';
import { toIndexedPng } from './indexed-png';
import { World } from './world';

/** `npm run screenshots`: the pictures of docs/screenshots, from a platform of its own once enough has happened on it. */
const DIRECTORY = resolve('docs/screenshots');
const CHROMIUM = process.env['NERVELINE_TEST_CHROMIUM'] ?? '/usr/bin/chromium';
const LIVELY_WITHIN_MS = 180_000;
/** Sold out while the Stock page is open: the simulated shops are well stocked. */
const SCARCE = [
  ['A', 'Brass lamp'],
  ['B', 'Trail shoe 42'],
  ['C', 'Enamel pot'],
  ['D', 'Linen shirt M'],
] as const;

const SIZES: readonly { readonly theme: Theme; readonly width_px: number; readonly height_px: number }[] = [
  { theme: 'dark', width_px: 1440, height_px: 900 },
  { theme: 'light', width_px: 1440, height_px: 900 },
  { theme: 'dark', width_px: 390, height_px: 844 },
];

/** A page is lively when there are at least so many of these on it, and its figures have come to rest. */
interface Shot {
  readonly name: string;
  readonly lively: readonly (readonly [selector: string, at_least: number])[];
}

/** Flow comes last: by then the opening stock is through, and the pulse is a usual one. */
const SHOTS: readonly Shot[] = [
  {
    name: 'fleet',
    lively: [
      ['[aria-label="Incidents"] li', 2],
      ['[aria-label="Proposals"] li', 3],
    ],
  },
  { name: 'stock', lively: [['[aria-label="Sold-out moments"] li', 4]] },
  { name: 'fraud', lively: [['[data-row]:has-text("block")', 2]] },
  { name: 'flow', lively: [['[aria-label="Last events"] [data-row]', 10]] },
];

/** Pulses that a page sees before its picture is taken: its lines and rates need some. */
const SECONDS_SEEN = 6;

async function main(): Promise<void> {
  await mkdir(DIRECTORY, { recursive: true });
  const browser = await launchBrowser(CHROMIUM);
  try {
    await using platform = await startPlatform();
    const world = new World(platform);
    for (const shot of SHOTS) {
      for (const size of SIZES) {
        await using opened = await OpenPage.open(browser, `${platform.dashboard_url}/${shot.name}`, size);
        await settled(opened.page);
        if (shot.name === 'stock') await sellOut(world, SIZES.indexOf(size));
        await take(opened.page, shot, join(DIRECTORY, `${shot.name}-${size.theme}-${size.width_px}.png`));
      }
    }
  } finally {
    await browser.close();
  }
}

async function sellOut(world: World, round: number): Promise<void> {
  for (const [shelf, name] of SCARCE) {
    const sku = `${shelf}-90${round}`;
    await world.stock(sku, name, 3);
    for (const wanted of [1, 2, 1]) await world.reserve(sku, wanted);
  }
}

async function take(page: Page, { lively }: Shot, path: string): Promise<void> {
  for (const [selector, at_least] of lively) {
    const last = page.locator(selector).nth(at_least - 1);
    await last.waitFor({ state: 'attached', timeout: LIVELY_WITHIN_MS });
  }
  await page.evaluate(`new Promise((seen) => setTimeout(seen, ${SECONDS_SEEN * 1_000} - performance.now()))`);
  await writeFile(path, toIndexedPng(await page.screenshot()));
  console.log(path);
}

void main();
