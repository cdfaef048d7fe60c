/**
 * @typedef {{ test: string, file: string }} SkippedTest
 * @typedef {{ passed: number, failed: number, skipped: SkippedTest[], troubles: string[] }} Total
 */

/**
 * Why a test was skipped: what stands in brackets at the end of the title of its block, `... [needs redis-server]`, as
 * `describeWith` of libs/testing writes it.
 */
export function reasonOf(test) {
  return /\[(needs [^\]]+)\]/.exec(test)?.[1] ?? 'no reason given';
}

/** Recorded data isn't part of the project and isn't on every machine, so its absence is no failure of a run. */
export function staysSkipped(test) {
  return reasonOf(test).startsWith('needs data ');
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
