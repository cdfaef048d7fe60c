/** A failure that is told to the user as its one sentence, without a stack. */
export class LaunchFailure extends Error {}

/**
 * Runs a step that may take long and says so in one line on stderr: what begins, and how long it took.
 *
 * @template T
 * @param {string} title
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const begun_ms = Date.now();
  process.stderr.write(`  ${title} ...`);
  try {
    const result = await work();
    process.stderr.write(` ${((Date.now() - begun_ms) / 1_000).toFixed(1)} s\n`);
    return result;
  } catch (error) {
    process.stderr.write(' failed\n');
    throw error;
  }
}
