import { NervelineError } from '@nerveline/kernel';

/** Our own readers hold a snapshot for milliseconds. */
const STALLED_MS = 10_000;

interface Snapshot {
  readonly transaction: string;
  readonly seen_ms: number;
}

/**
 * Notices processes that hold a snapshot of an environment and don't let go of it: LMDB can't reuse a page that has been
 * freed since, so the file grows for as long as they do. A living one can't be evicted, only named.
 */
export class StalledReaders {
  #seen = new Map<string, Snapshot>();

  /**
   * @param list LMDB's table of readers: a line for each with its process, thread and transaction
   * @returns `NL-LOG-018` when one has had the same snapshot for too long
   */
  check(list: string, now_ms: number): NervelineError | undefined {
    const seen = new Map<string, Snapshot>();
    for (const [, pid = '', thread = '', transaction = ''] of list.matchAll(/^\s*(\d+) (\S+) (\d+)$/gm)) {
      const reader = `${pid} ${thread}`;
      const before = this.#seen.get(reader);
      seen.set(reader, before?.transaction === transaction ? before : { transaction, seen_ms: now_ms });
    }
    this.#seen = seen;
    for (const [reader, { seen_ms }] of seen) {
      if (now_ms - seen_ms < STALLED_MS) continue;
      const [pid] = reader.split(' ');
      const detail = `process ${pid} has held a snapshot for ${Math.round((now_ms - seen_ms) / 1_000)} s`;
      return new NervelineError('NL-LOG-018', { detail });
    }
    return undefined;
  }
}
