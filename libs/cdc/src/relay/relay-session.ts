import { formatLsn, NervelineError, type Lsn } from '@nerveline/kernel';
import { TransactionEncoder } from '../debezium/transaction-encoder';
import { ConfirmedPosition } from '../replication/confirmed-position';
import { ReplicationStream } from '../replication/replication-stream';
import { TransactionSequencer } from '../sequencer/transaction-sequencer';
import { readSourceFacts, type SourceFacts } from '../source/preflight';
import { ensurePublication } from '../source/publication';
import { ensureSlot } from '../source/slot';
import { SourceClient } from '../source/source-client';
import { KnownShapes } from '../schema/known-shapes';
import { ProgressBook } from './progress-book';
import { readResumePoint, requireEpoch } from './read-resume-point';
import type { ResolvedOptions } from './relay-options';
import { SinkWriter } from './sink-writer';
import { SlotWatch, type WatchedSlot } from './slot-watch';
import { Snapshotter } from './snapshotter';

/** A status at least so often, though nothing changed; sooner where the server's own time-out is short. */
const MAX_STATUS_INTERVAL_MS = 10_000;

/** Figures of a session, for metrics. */
export interface SessionStatus {
  readonly received_lsn: string;
  readonly confirmed_lsn: string;
  readonly pending_bytes: number;
  readonly outstanding_transactions: number;
  /** Of transactions that have not ended, in memory and on disk. */
  readonly held_bytes: number;
  readonly missing_tables: readonly string[];
  readonly transactions: number;
  readonly changes: number;
  readonly dropped_records: number;
  readonly undeclared_changes: number;
  readonly writes: number;
  readonly written_records: number;
  readonly written_bytes: number;
}

/** What {@link RelaySession.open} found out before the stream begins. */
interface Start {
  readonly facts: SourceFacts;
  readonly progress: ProgressBook;
  readonly shapes: KnownShapes;
  readonly walsender: SourceClient;
  readonly catalog: SourceClient;
}

/**
 * One connection's worth of relaying: from the checks to the first thing that fails. Everything that it knows comes
 * from the source and the sink, so that a session after a crash and one after a broken connection are alike.
 */
export class RelaySession implements AsyncDisposable {
  readonly #options: ResolvedOptions;
  readonly #start: Start;
  readonly #confirmed: ConfirmedPosition;
  readonly #writer: SinkWriter;
  readonly #snapshotter: Snapshotter;
  readonly #slotWatch: SlotWatch;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #failed: Promise<never>;
  #fail: (error: unknown) => void = () => {};
  #encoder: TransactionEncoder | undefined;
  #sequencer: TransactionSequencer | undefined;
  #stream: ReplicationStream | undefined;
  #confirmed_lsn: Lsn;
  #checkpointing: Promise<void> | undefined;
  #taking_up = false;
  #took_up_ms = -Infinity;
  #settled = false;

  private constructor(options: ResolvedOptions, start: Start) {
    this.#options = options;
    this.#start = start;
    this.#confirmed_lsn = start.progress.floor_lsn;
    this.#confirmed = new ConfirmedPosition(start.progress.floor_lsn);
    this.#failed = new Promise((_, reject) => (this.#fail = reject));
    this.#failed.catch(() => {});
    this.#writer = new SinkWriter({
      sink: options.sink,
      confirmed: this.#confirmed,
      max_batch_bytes: options.max_batch_bytes,
      max_pending_bytes: options.max_pending_bytes,
      onPressure: (pressed) => (pressed ? this.#stream?.pause() : this.#stream?.resume()),
      onFailure: this.#fail,
      atFaultPoint: options.atFaultPoint,
    });
    this.#slotWatch = new SlotWatch(start.catalog, options);
    this.#snapshotter = new Snapshotter({
      relay: options,
      epoch: start.facts.epoch,
      database: start.facts.database,
      catalog: start.catalog,
      writer: this.#writer,
      progress: start.progress,
      shapes: start.shapes,
      askKeepAlive: () => this.#sendStatus(true),
    });
  }

  /** Checks source, slot and log against each other. Nothing is written that a later attempt would not write too. */
  static async open(options: ResolvedOptions): Promise<RelaySession> {
    const { source_url, slot, publication, sink } = options;
    const walsender = await SourceClient.connect(source_url, { replication: true, name: slot });
    try {
      const facts = await readSourceFacts(walsender);
      const known = await sink.readProgress(slot);
      if (known !== undefined) requireEpoch(known.epoch, facts.epoch, `relay.progress of slot ${slot}`);
      await ensurePublication(walsender, publication);
      const { confirmed_lsn: slot_lsn, replaced } = await ensureSlot(walsender, slot, {
        ...{ database: facts.database, was_read: known !== undefined, taken_slot: options.taken_slot },
        lost_slot: options.over_wal_budget === 'stop' ? options.lost_slot : 'resnapshot',
      });
      if (replaced) options.onEvent({ kind: 'slot_replaced', slot });
      const progress =
        known === undefined || replaced
          ? ProgressBook.begin(slot, { epoch: facts.epoch, floor_lsn: slot_lsn, tables: options.tables })
          : ProgressBook.resume(known, options.tables);
      if (slot_lsn > progress.floor_lsn) {
        const detail = `slot ${slot} is confirmed to ${formatLsn(slot_lsn)}, the log holds up to ${formatLsn(progress.floor_lsn)}`;
        throw new NervelineError('NL-CDC-011', { detail });
      }
      if (known === undefined || replaced) await sink.write([progress.record(options.clock.now_ms())]);
      const shapes = new KnownShapes(await sink.readSchemas());
      const catalog = await SourceClient.connect(source_url, { replication: false, name: `${slot} catalog` });
      return new RelaySession(options, { facts, progress, shapes, walsender, catalog });
    } catch (error) {
      await walsender.close();
      throw error;
    }
  }

  /** Relays until the signal aborts (resolves) or something fails (rejects). */
  async run(signal: AbortSignal): Promise<void> {
    const { facts, progress, shapes, catalog } = this.#start;
    const { slot, sink, tables, onEvent } = this.#options;
    const resume = await readResumePoint(sink, tables, { epoch: facts.epoch, floor_lsn: progress.floor_lsn });
    this.#encoder = new TransactionEncoder({
      ...{ epoch: facts.epoch, database: facts.database, tables, resume, shapes, receiver: this.#writer },
      partitionOf: this.#options.partitionOf,
      clock: this.#options.clock,
      onTextType: (column) => onEvent({ kind: 'carried_as_text', ...column }),
      onSnapshotRequest: (content, commit_lsn) => {
        // At the next look, which may be soon.
        if (this.#snapshotter.request(content, commit_lsn)) this.#took_up_ms = -Infinity;
      },
    });
    this.#sequencer = this.#startSequencer(this.#encoder);
    this.#stream = await this.#startStream(this.#sequencer);
    onEvent({ kind: 'streaming', slot, from_lsn: formatLsn(progress.floor_lsn) });
    this.#every(this.#options.confirm_interval_ms, () => this.#checkpoint());
    this.#showLife(facts.wal_sender_timeout_ms);
    this.#every(this.#options.table_poll_ms, () => this.#takeUpTables());
    this.#takeUpTables().catch(this.#fail);
    this.#every(this.#options.slot_poll_ms, () => this.#slotWatch.check());
    this.#slotWatch.check().catch(this.#fail);
    const catalogEnded = catalog.ended.then((error) => {
      throw error ?? new NervelineError('NL-CDC-004', { detail: 'the catalogue connection ended' });
    });
    catalogEnded.catch(() => {});
    await Promise.race([this.#stream.done, catalogEnded, this.#failed, aborted(signal)]);
    await this.#finish();
  }

  get status(): SessionStatus {
    const { counts } = this.#writer;
    const encoded = this.#encoder?.counts;
    return {
      received_lsn: formatLsn(this.#writer.stream_lsn),
      confirmed_lsn: formatLsn(this.#confirmed_lsn),
      pending_bytes: this.#writer.pending_bytes,
      outstanding_transactions: this.#confirmed.outstanding_transactions,
      held_bytes: this.#sequencer?.held_bytes ?? 0,
      missing_tables: this.#snapshotter.missing_tables,
      transactions: encoded?.transactions ?? 0,
      changes: encoded?.changes ?? 0,
      dropped_records: encoded?.dropped_records ?? 0,
      undeclared_changes: encoded?.undeclared_changes ?? 0,
      writes: counts.writes,
      written_records: counts.records,
      written_bytes: counts.bytes,
    };
  }

  /** The tables that exist have been read, and the stream flows. */
  get settled(): boolean {
    return this.#settled;
  }

  slotState(): Promise<WatchedSlot> {
    return this.#slotWatch.look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#writer.stop();
    await this.#stream?.stop();
    await this.#sequencer?.[Symbol.asyncDispose]();
    await Promise.all([this.#start.walsender.close(), this.#start.catalog.close()]);
  }

  #startSequencer(consumer: TransactionEncoder): TransactionSequencer {
    const { spill_directory, max_memory_bytes, max_spill_bytes } = this.#options;
    return new TransactionSequencer({
      ...{ consumer, spill_directory, max_memory_bytes, max_spill_bytes },
      ready: () => this.#writer.ready(),
      holdBack: (prepare_lsn) => this.#confirmed.holdBack(prepare_lsn),
    });
  }

  #startStream(sequencer: TransactionSequencer): Promise<ReplicationStream> {
    const { slot, publication, in_progress } = this.#options;
    return ReplicationStream.start(this.#start.walsender, {
      ...{ slot, publication, in_progress, server_version: this.#start.facts.version },
      receiver: {
        wal: (bytes, start, end) => sequencer.take(bytes, start, end),
        keepAlive: (wal_end, reply_requested) => this.#keepAlive(wal_end, reply_requested),
      },
    });
  }

  #keepAlive(wal_end: Lsn, reply_requested: boolean): void {
    this.#writer.keepAlive(wal_end);
    // A server that shuts down waits for an answer with everything confirmed; one that only asks whether we live gets
    // its answer from the timer, also while the sink is stuck.
    if (reply_requested) void this.#checkpoint().then(() => this.#sendStatus(false), this.#fail);
  }

  /** Writes the durable position down, then confirms it: the slot is never ahead of the log. */
  #checkpoint(): Promise<void> {
    this.#checkpointing ??= this.#writeCheckpoint().finally(() => (this.#checkpointing = undefined));
    return this.#checkpointing;
  }

  async #writeCheckpoint(): Promise<void> {
    const { progress } = this.#start;
    const { clock, atFaultPoint } = this.#options;
    const { safe_lsn } = this.#confirmed;
    if (safe_lsn > this.#confirmed_lsn) {
      await this.#writer.write(() => {
        progress.raiseFloor(safe_lsn);
        return [progress.record(clock.now_ms())];
      });
      atFaultPoint('before_confirm');
      this.#confirmed_lsn = safe_lsn;
      this.#sendStatus(false);
    }
  }

  /** Speaks to the server often enough for its time-out, also while a checkpoint waits behind a sink that is stuck. */
  #showLife(timeout_ms: number): void {
    const interval_ms = timeout_ms === 0 ? MAX_STATUS_INTERVAL_MS : Math.min(MAX_STATUS_INTERVAL_MS, timeout_ms / 4);
    this.#timers.push(setInterval(() => this.#sendStatus(false), interval_ms));
  }

  #sendStatus(reply_requested: boolean): void {
    const received_lsn = this.#writer.stream_lsn > this.#confirmed_lsn ? this.#writer.stream_lsn : this.#confirmed_lsn;
    const status = { received_lsn, confirmed_lsn: this.#confirmed_lsn, reply_requested };
    this.#stream?.sendStatus(status, Date.now());
  }

  async #takeUpTables(): Promise<void> {
    const { table_poll_ms } = this.#options;
    // When nothing is missing only a table that was made anew can change, which may wait.
    const pause_ms = this.#snapshotter.missing_tables.length > 0 ? table_poll_ms : table_poll_ms * SETTLED_FACTOR;
    if (this.#taking_up || performance.now() - this.#took_up_ms < pause_ms) return;
    this.#taking_up = true;
    try {
      await this.#snapshotter.takeUp();
      this.#settled = true;
    } finally {
      this.#took_up_ms = performance.now();
      this.#taking_up = false;
    }
  }

  #every(interval_ms: number, task: () => Promise<void>): void {
    this.#timers.push(
      setInterval(() => {
        task().catch(this.#fail);
      }, interval_ms),
    );
  }

  /** What is durable is confirmed; the rest comes again to the next session. */
  async #finish(): Promise<void> {
    this.#stream?.pause();
    await this.#checkpoint();
  }
}

const SETTLED_FACTOR = 20;

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
