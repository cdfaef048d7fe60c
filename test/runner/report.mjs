/**
 * @typedef {{ test: string, file: string }} SkippedTest
 * @typedef {{ passed: number, failed: number, skipped: SkippedTest[], troubles: string[] }} Total
 * @typedef {Total & { name: string, seconds: number }} Part
 */

/**
 * Why a test was skipped: what stands in brackets at the end of the title of its block, `... [needs redis-server]`, as
 * `describeWith` of libs/testing writes it.
 */
export function reasonOf(test) {
  return /\[(needs [^\]]+)\]/.exec(test)?.[1] ?? 'no reason given';
}

/**
 * Recorded data isn't part of the project and isn't on every machine, and a container may withhold the right to mount: no
 * setup of ours can mend either, so their absence is no failure of a run.
 */
export function staysSkipped(test) {
  return /^needs (data\b|the right to mount$)/.test(reasonOf(test));
}

/** How each part of the run went, as a table. */
export function printParts(parts) {
  const rows = [['part', 'passed', 'failed', 'skipped', 'seconds']];
  for (const { name, passed, failed, skipped, seconds } of parts) {
    rows.push([name, passed, failed, skipped.length, seconds.toFixed(0)].map(String));
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  console.log('');
  for (const [name, ...figures] of rows) {
    const cells = figures.map((figure, column) => figure.padStart(widths[column + 1]));
    console.log(`  ${[name.padEnd(widths[0]), ...cells].join('  ')}`);
  }
}

/** What was skipped and why, by reason. */
export function printSkipped(skipped) {
  if (skipped.length === 0) return;
  const byReason = new Map();
  for (const entry of skipped) {
    const reason = reasonOf(entry.test);
    byReason.set(reason, [...(byReason.get(reason) ?? []), entry]);
  }
  console.log('\nSkipped:');
  for (const [reason, tests] of byReason) {
    console.log(`  ${reason}: ${tests.length} ${tests.length === 1 ? 'test' : 'tests'}`);
    for (const file of new Set(tests.map((test) => test.file))) console.log(`    ${file}`);
  }
}

export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped.length} skipped`;
}
