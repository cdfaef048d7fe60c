import { NervelineError } from '@nerveline/kernel';
import type { StateReader } from '../../ports/log';
import type { LogTopics } from './log-topic';

/** How far back a service reads a topic when it rebuilds what it knows. */
export interface ReadWindow {
  readonly topic: string;
  readonly window_ms: number;
  /** The store of keyed state that holds what the window has come to: with it, nothing has to be read again. */
  readonly snapshot_store?: string;
}

/**
 * A start that would silently miss the older part of a window is refused.
 *
 * @throws NervelineError `NL-LOG-001`, `NL-LOG-017`
 */
export function checkWindows(windows: readonly ReadWindow[], topics: LogTopics, state: StateReader): void {
  for (const { topic, window_ms, snapshot_store } of windows) {
    const { retention } = topics.find(topic);
    if (retention.kind === 'compacted' || hasSnapshot(state, snapshot_store)) continue;
    // A bound in bytes promises no time at all.
    const kept_ms = retention.retention_bytes === undefined ? retention.retention_ms : 0;
    if (kept_ms >= window_ms) continue;
    const { retention_ms, retention_bytes } = retention;
    const size = retention_bytes === undefined ? '' : ` and ${retention_bytes} bytes a partition at most`;
    throw new NervelineError('NL-LOG-017', {
      detail: `${topic} keeps ${retention_ms} ms${size}, a window reads back ${window_ms} ms`,
    });
  }
}

function hasSnapshot(state: StateReader, store: string | undefined): boolean {
  if (store === undefined) return false;
  for (const _ of state.scan(store, '')) return true;
  return false;
}
