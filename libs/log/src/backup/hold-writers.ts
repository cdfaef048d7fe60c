import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { extname, join } from 'node:path';
import { NervelineError } from '@nerveline/kernel';

/** A writer holds its lock for one commit; more is a process that hangs, or a disk that does. */
const HOLD_DEADLINE_MS = 5_000;
const READY_DEADLINE_MS = 30_000;

export interface Held<T> {
  readonly result: T;
  /** For how long nobody could commit, at most. */
  readonly held_ms: number;
}

/**
 * Calls back at a moment at which nobody commits to any of the environments, and lets them go on when that is done.
 * Writers notice nothing but a commit that takes longer.
 *
 * @throws NervelineError `NL-BAK-006`, and what `act` throws
 */
export async function holdWriters<T>(directories: readonly string[], act: () => Promise<T>): Promise<Held<T>> {
  const child = spawn(process.execPath, [join(__dirname, `hold-child${extname(__filename)}`), ...directories], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  // Its end is told by what it doesn't say.
  child.stdin.on('error', () => undefined);
  try {
    await said(child, 'ready', READY_DEADLINE_MS);
    const begun_ms = performance.now();
    child.stdin.write('h');
    await said(child, 'held', HOLD_DEADLINE_MS);
    const result = await within(act(), HOLD_DEADLINE_MS);
    child.stdin.end();
    await within(ended, HOLD_DEADLINE_MS);
    return { result, held_ms: performance.now() - begun_ms };
  } finally {
    // Locks of a process that was killed are free.
    child.kill('SIGKILL');
    await ended;
  }
}

function said(child: ChildProcess, word: string, deadline_ms: number): Promise<void> {
  const heard = new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      if (chunk.toString().includes(word)) resolve();
    };
    child.stdout?.on('data', hear);
    child.once('error', reject);
    child.once('close', () => reject(stuck(`the process that holds the writers ended before it was ${word}`)));
  });
  return within(heard, deadline_ms);
}

async function within<T>(work: Promise<T>, deadline_ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(stuck(`no answer for ${deadline_ms} ms`)), deadline_ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const stuck = (detail: string): NervelineError => new NervelineError('NL-BAK-006', { detail });
