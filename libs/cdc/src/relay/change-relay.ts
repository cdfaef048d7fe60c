import { systemClock, type NervelineError } from '@nerveline/kernel';
import { toSourceError } from '../source/source-errors';
import { relayDefaults, type RelayOptions, type ResolvedOptions } from './relay-options';
import type { WatchedSlot } from './slot-watch';
import { RelaySession, type SessionStatus } from './relay-session';

export interface RelayStatus extends SessionStatus {
  readonly connected: boolean;
  /** Sessions since the start; more than one means that the source went away in between. */
  readonly sessions: number;
  /** What the last session ended with. */
  readonly last_error: NervelineError | undefined;
}

/** Is the stream flowing, and if not, why: one sentence for a person. */
export interface RelayReadiness {
  readonly ready: boolean;
  readonly detail: string;
}

const NO_SESSION: SessionStatus = {
  received_lsn: '0/0',
  confirmed_lsn: '0/0',
  pending_bytes: 0,
  outstanding_transactions: 0,
  held_bytes: 0,
  missing_tables: [],
  transactions: 0,
  changes: 0,
  dropped_records: 0,
  undeclared_changes: 0,
  writes: 0,
  written_records: 0,
  written_bytes: 0,
};

/**
 * Carries every committed change of the source tables into a sink, from the slot's confirmed position on, and keeps at
 * it: errors that the catalogue calls retriable end a session, and the next begins after a pause.
 */
export class ChangeRelay implements AsyncDisposable {
  /** Resolves after {@link stop}; rejects with an error that trying again can't mend. */
  readonly done: Promise<void>;
  readonly #options: ResolvedOptions;
  readonly #stop = new AbortController();
  #session: RelaySession | undefined;
  #past = NO_SESSION;
  #sessions = 0;
  #last_error: NervelineError | undefined;

  private constructor(options: ResolvedOptions) {
    this.#options = options;
    this.done = this.#run();
    this.done.catch(() => {});
  }

  /** Begins at once; whether the source is there shows in {@link readiness}. */
  static start(options: RelayOptions): ChangeRelay {
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    return new ChangeRelay({
      ...relayDefaults,
      clock: systemClock,
      onEvent: () => {},
      atFaultPoint: () => {},
      ...options,
      ...given,
    });
  }

  /** Counters run on over sessions; the rest is of the present one. */
  get status(): RelayStatus {
    const now = this.#session?.status;
    return {
      ...(now === undefined ? this.#past : sum(this.#past, now)),
      connected: now !== undefined,
      sessions: this.#sessions,
      last_error: this.#last_error,
    };
  }

  get readiness(): RelayReadiness {
    const { connected, missing_tables, last_error } = this.status;
    if (!connected) return { ready: false, detail: last_error?.message ?? 'connecting to the source' };
    if (this.#session?.settled !== true) return { ready: false, detail: 'reading the tables for the first time' };
    if (missing_tables.length === 0) return { ready: true, detail: 'streaming' };
    return { ready: false, detail: `NL-CDC-005: waiting for ${missing_tables.join(', ')}` };
  }

  /** The slot as the server sees it; undefined while there is no connection. */
  async slotState(): Promise<WatchedSlot | undefined> {
    return this.#session?.slotState();
  }

  /** Stops reading, lets the write under way become durable, confirms it. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.done.catch(() => {});
  }

  async #run(): Promise<void> {
    const { min_backoff_ms, max_backoff_ms, onEvent } = this.#options;
    let backoff_ms = min_backoff_ms;
    while (!this.#stop.signal.aborted) {
      const streamed_before = this.#past.transactions;
      try {
        await this.#runSession();
      } catch (cause) {
        const error = toSourceError(cause, 'relaying');
        this.#last_error = error;
        if (!error.retriable) throw error;
        if (this.#past.transactions > streamed_before) backoff_ms = min_backoff_ms;
        onEvent({ kind: 'interrupted', error, retry_in_ms: backoff_ms });
        await this.#pause(backoff_ms);
        backoff_ms = Math.min(backoff_ms * 2, max_backoff_ms);
      }
    }
  }

  async #runSession(): Promise<void> {
    await using session = await RelaySession.open(this.#options);
    this.#session = session;
    this.#sessions += 1;
    try {
      await session.run(this.#stop.signal);
    } finally {
      this.#session = undefined;
      this.#past = { ...sum(this.#past, session.status), pending_bytes: 0, outstanding_transactions: 0, held_bytes: 0 };
    }
  }

  #pause(duration_ms: number): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, duration_ms);
      signal.addEventListener('abort', finish);
      if (signal.aborted) finish();
    });
  }
}

function sum(past: SessionStatus, now: SessionStatus): SessionStatus {
  return {
    ...now,
    transactions: past.transactions + now.transactions,
    changes: past.changes + now.changes,
    dropped_records: past.dropped_records + now.dropped_records,
    undeclared_changes: past.undeclared_changes + now.undeclared_changes,
    writes: past.writes + now.writes,
    written_records: past.written_records + now.written_records,
    written_bytes: past.written_bytes + now.written_bytes,
  };
}
