import { readFileSync } from 'node:fs';
import type { Locator, Page } from 'playwright-core';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
/** More than any page has: a focus that never arrives is trapped or unreachable. */
const TABS_MAX = 60;

/** What axe-core finds wrong, each as one line. Every rule is on. */
export async function violationsOn(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate<string[]>(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + html + ' ' + failureSummary)))`);
}

/** Tables and pages that are wider than their place, so that something of them is cut off. */
export function cutOffOn(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`[document.documentElement, ...document.querySelectorAll('[role="grid"]')]
    .filter((box) => box.scrollWidth > box.clientWidth)
    .map((box) => (box.ariaLabel ?? 'the page') + ': ' + box.scrollWidth + ' px in ' + box.clientWidth)`);
}

/** Goes on by Tab until an element has the focus. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let presses = 0; presses < TABS_MAX; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await target.and(page.locator(':focus')).count()) > 0) return;
  }
  throw new Error(`${TABS_MAX} times Tab did not lead to ${target.toString()}`);
}

/** Watches each frame from now on how many rows a page shows; gives the fewest that it ever did. */
export async function watchRows(page: Page): Promise<() => Promise<number>> {
  await page.evaluate(`{
    window.fewest_rows = Infinity;
    const look = () => {
      window.fewest_rows = Math.min(window.fewest_rows, document.querySelectorAll('[data-row]').length);
      requestAnimationFrame(look);
    };
    look();
  }`);
  return () => page.evaluate<number>('window.fewest_rows');
}

/** All rows of a table, top to bottom, by the names that they have: walks through it, since only what is in sight is drawn. */
export async function allRows(page: Page, label: string): Promise<string[]> {
  const rows = await page.evaluate<readonly (readonly [number, string])[]>(`(async () => {
    const grid = document.querySelector('[role="grid"][aria-label="${label}"]');
    const found = new Map();
    const frame = () => new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
    for (let top = 2 * 33; ; top += grid.clientHeight / 2) {
      grid.scrollTop = top;
      await frame();
      for (const row of grid.querySelectorAll('[data-row]')) found.set(Number(row.getAttribute('aria-rowindex')), row.dataset.row);
      if (top + grid.clientHeight >= grid.scrollHeight) break;
    }
    grid.scrollTop = 2 * 33;
    await frame();
    for (const row of grid.querySelectorAll('[data-row]')) found.set(Number(row.getAttribute('aria-rowindex')), row.dataset.row);
    return [...found];
  })()`);
  return [...rows].sort(([a], [b]) => a - b).map(([, id]) => id);
}
