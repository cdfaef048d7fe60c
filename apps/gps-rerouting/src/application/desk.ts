import type { TenantId } from '@nerveline/contracts';
import { NervelineError, isNervelineError, type Clock, type CommitPort, type RecordHeaders } from '@nerveline/kernel';
import type { GaugeWriter } from './gauge-writer';
import { inputTopics, OwnOffsets, type PartitionOf } from './own-offsets';
import { Outbox } from './outbox';
import { settleSome } from './settle-change';
import type { Step } from './step';
import { restoreWorld, storeTouched, type Restored, type StateReader } from './stored-state';
import { TimeSlice } from './time-slice';
import type { Surroundings, World } from './world';

/** What the desk needs of the log. */
export interface FleetLog extends CommitPort {
  readonly state: StateReader;
  tail(topic: string, partition: number): Promise<{ readonly next_offset: number }>;
}

export interface DeskOptions {
  readonly log: FleetLog;
  readonly surroundings: Surroundings;
  readonly partitionOf: PartitionOf;
  readonly gauge: GaugeWriter;
  /** For what is only paced, never for a decision. */
  readonly wall: Clock;
  /** Measures how long the desk has held the event loop; the process's own when absent. */
  readonly stopwatch_ms?: () => number;
  /** Told when the log will never take another commit of this process: it was fenced, or is damaged. */
  onFatal(error: unknown): void;
}

interface Act {
  readonly run: (step: Step) => unknown;
  readonly headers: RecordHeaders;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Acts that may wait; beyond it the caller is told to come back. */
const MAX_WAITING_ACTS = 2_000;
/** Acts that share one commit: a commit costs the same for one as for many. */
const MAX_ACTS_PER_COMMIT = 256;

/**
 * Where everything that changes the fleet is done, one act after another, and made durable: what came in while the last
 * commit was on its way shares the next one, as far as fits into a slice of time. An answer leaves when its commit is
 * durable. What a change of the traffic means for each vehicle is decided between the acts, a slice in each commit. When
 * a commit fails, the world in memory is thrown away and read back, so that it never holds what the log doesn't.
 */
export class Desk {
  readonly #waiting: Act[] = [];
  readonly #offsets: OwnOffsets;
  #world: World | undefined;
  #running: Promise<void> = Promise.resolve();
  #is_working = false;
  #closed = false;

  constructor(private readonly options: DeskOptions) {
    this.#offsets = new OwnOffsets(options.partitionOf);
  }

  /** Reads back what was committed last. */
  async open(): Promise<Restored> {
    const { log, surroundings } = this.options;
    for (const topic of inputTopics) {
      for (let partition = 0; partition < topic.partitions; partition++) {
        this.#offsets.set(topic.name, partition, (await log.tail(topic.name, partition)).next_offset);
      }
    }
    const restored = restoreWorld(log.state, surroundings);
    this.#world = restored.world;
    this.options.gauge.reset(restored.world);
    return restored;
  }

  /** For reads: the world as the last act left it. */
  get world(): World {
    if (this.#world === undefined) throw new NervelineError('NL-API-008', { detail: 'the fleet is still being read' });
    return this.#world;
  }

  /** False between a failed commit and the act that reads the world back. */
  get is_readable(): boolean {
    return this.#world !== undefined;
  }

  get waiting_acts(): number {
    return this.#waiting.length;
  }

  /**
   * Does an act and resolves with what it gives when its effects are durable. An act that refuses throws before it
   * changes anything.
   *
   * @throws NervelineError `NL-API-008` when too many wait or the desk is closed; what the act or the commit throws
   */
  do<T>(run: (step: Step) => T, headers: RecordHeaders = {}): Promise<T> {
    if (this.#closed || this.#waiting.length >= MAX_WAITING_ACTS) {
      const detail = this.#closed ? 'the service is stopping' : 'too many requests wait for the log';
      return Promise.reject(new NervelineError('NL-API-008', { detail }));
    }
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ run, headers, resolve: (value) => resolve(value as T), reject });
      if (!this.#is_working) this.#running = this.#work();
    });
  }

  /**
   * Resolves when no change of the traffic is open any more in a fleet, and all of its decisions are durable.
   *
   * @throws NervelineError `NL-API-008` when too many wait or the desk is closed; what the commit throws
   */
  async settled(tenant_id: TenantId): Promise<void> {
    const isOpen = ({ world }: Step) => world.fleet(tenant_id).open_change !== null;
    while (await this.do(isOpen));
  }

  /** Finishes what was taken, and takes no more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #work(): Promise<void> {
    this.#is_working = true;
    // Acts of requests that were read in the same turn of the event loop share the commit.
    await Promise.resolve();
    while (this.#waiting.length > 0 || this.#has_open_change) {
      await this.#commitSome();
      if (this.#has_open_change) await othersHaveTheirTurn();
    }
    // In one turn with the look at what waits: an act that comes later starts the work again.
    this.#is_working = false;
  }

  /** False also when a commit has failed: the next act reads the world back, and its open changes with it. */
  get #has_open_change(): boolean {
    return [...(this.#world?.fleets() ?? [])].some(([, { open_change }]) => open_change !== null);
  }

  async #commitSome(): Promise<void> {
    const acts: Act[] = [];
    try {
      if (this.#world === undefined) await this.open();
      for (const settle of await this.#commit(acts)) settle();
    } catch (error) {
      // What is in memory may be ahead of the log now: it is read back before the next act.
      this.#world = undefined;
      if (acts.length === 0) acts.push(...this.#waiting.splice(0));
      for (const act of acts) act.reject(error);
      if (isNervelineError(error) && error.code.startsWith('NL-LOG') && !error.retriable) this.options.onFatal(error);
    }
  }

  /** @param acts gets those that it took up: the caller tells them when it fails */
  async #commit(acts: Act[]): Promise<(() => void)[]> {
    const { log, gauge, wall, stopwatch_ms = () => performance.now() } = this.options;
    const outbox = new Outbox(this.#offsets);
    const step = { world: this.world, outbox };
    const done: (() => void)[] = [];
    const slice = new TimeSlice(stopwatch_ms);
    do {
      const act = this.#waiting.shift();
      if (act === undefined) break;
      acts.push(act);
      done.push(runAct(act, step));
    } while (acts.length < MAX_ACTS_PER_COMMIT && !slice.is_spent);
    // A slice of their own: under a constant load of acts the decisions still come forward.
    settleSome(step, new TimeSlice(stopwatch_ms));
    gauge.take(step, wall.now_ms());
    storeTouched(outbox);
    if (outbox.appends.length > 0 || outbox.writes.size > 0) {
      const positions = await log.commit({ appends: outbox.appends, state: [...outbox.writes.values()] });
      verifyOffsets(outbox, positions);
    }
    return done;
  }
}

/** Runs one act; a refusal concerns it alone, anything else the whole batch. */
function runAct(act: Act, step: Step): () => void {
  step.outbox.begin(act.headers);
  try {
    const value = act.run(step);
    return () => act.resolve(value);
  } catch (error) {
    const refused = isNervelineError(error) && error.http_status < 500 && step.outbox.is_unchanged;
    if (!refused) throw error;
    return () => act.reject(error);
  } finally {
    step.outbox.headers = {};
  }
}

/** Decisions have named the offsets of records that were not in the log yet. */
function verifyOffsets(
  outbox: Outbox,
  positions: readonly { readonly partition: number; readonly offset: number }[],
): void {
  for (const { index, partition, offset } of outbox.expected) {
    const given = positions[index];
    if (given?.partition === partition && given.offset === offset) continue;
    throw new NervelineError('NL-KRN-001', {
      detail: `record ${index} was expected at ${partition}:${offset} and stands at ${given?.partition}:${given?.offset}`,
    });
  }
}

/** A commit may be done without the event loop having turned: what came in meanwhile is read before the next slice. */
const othersHaveTheirTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
