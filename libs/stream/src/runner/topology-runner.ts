import { NervelineError, offset, systemClock, type Clock, type InputPosition, type OutRecord } from '@nerveline/kernel';
import type { Log, LogRecord } from '@nerveline/log';
import type { Batch } from '../engine/batch';
import type { RejectedRecord } from '../engine/operator';
import { OrderedInputs } from '../engine/ordered-inputs';
import { MemoryState } from '../engine/state';
import { Task, type TaskInput } from '../engine/task';
import type { TopicOf } from '../topology/graph';
import type { Topology } from '../topology/topology';
import { readSnapshot, writesOf } from './stored-snapshot';

export interface RunTopologyOptions {
  readonly topology: Topology;
  readonly log: Log;
  /** Names positions and state: `SERVICE.PURPOSE`. One runner of a group at a time. */
  readonly group: string;
  /**
   * What is done with a record that can't be handled. Without it such a record stops the topology, ahead of its commit.
   */
  readonly onReject?: (record: RejectedRecord) => void;
  /** Wall time between commits: outputs show only then, and each commit writes the whole state. Default 1 s. */
  readonly commit_every_ms?: number;
  /** Records of a partition that are read ahead. Default 1,000. */
  readonly read_ahead_records?: number;
  readonly clock?: Clock;
}

interface Lane {
  readonly topic: TopicOf<unknown>;
  readonly partition: number;
  /** What is read next. */
  fetch: number;
  /** Below this everything has gone into the task. */
  taken: number;
  buffered: number;
  at_tail: boolean;
  active_ms: number;
}

interface Fetched extends TaskInput {
  readonly offset: number;
}

const text = new TextDecoder();
const utf8 = new TextEncoder();

/**
 * Runs a topology over the log: reads its partitions in one order, and makes state, outputs and input positions durable
 * in one step, so that after a crash anywhere the outputs are those of a run that was never disturbed.
 */
export class TopologyRunner {
  readonly done: Promise<void>;
  readonly #inputs: OrderedInputs<Fetched>;
  readonly #stopping = new AbortController();
  readonly #clock: Clock;
  #appends: OutRecord[] = [];
  #uncommitted = false;
  #committed_ms: number;
  #caught_up: (() => void)[] = [];

  private constructor(
    private readonly options: RunTopologyOptions,
    private readonly task: Task,
    private readonly lanes: readonly Lane[],
    private chunks: number,
    appends: OutRecord[],
  ) {
    this.#clock = options.clock ?? systemClock;
    this.#committed_ms = this.#clock.now_ms();
    this.#appends = appends;
    this.#inputs = new OrderedInputs(lanes.length);
    this.done = this.#run();
    // Whoever waits for `done` hears of it; nobody has to.
    this.done.catch(() => undefined);
  }

  /**
   * Goes on where the group's last commit ended.
   *
   * @throws NervelineError `NL-STR-003`, `NL-STR-009` when another topology left the state, `NL-LOG-001`
   */
  static async start(options: RunTopologyOptions): Promise<TopologyRunner> {
    const { topology, log, group } = options;
    const state = new MemoryState();
    const appends: OutRecord[] = [];
    const reject = (record: RejectedRecord) => {
      if (options.onReject === undefined) throw record.error;
      options.onReject(record);
    };
    const compiled = topology.compile({ state, reject, deliver: (topic, batch) => addAppends(appends, topic, batch) });
    const task = new Task(compiled, state);
    const stored = readSnapshot(log.state, group, topology.describe());
    if (stored !== undefined) task.restore(stored.snapshot);
    return new TopologyRunner(options, task, await lanesOf(options), stored?.chunks ?? 0, appends);
  }

  /** Resolves when everything that can be handled of what is in the log now has been handled and committed. */
  async caughtUp(): Promise<void> {
    const reached = new Promise<void>((resolve) => this.#caught_up.push(resolve));
    await Promise.race([reached, this.done]);
  }

  /** Commits what is in hand and ends. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const waiting = this.#caught_up;
      this.#caught_up = [];
      await this.#fetch();
      const taken = this.#takeAll();
      const now_ms = this.#clock.now_ms();
      const due = now_ms - this.#committed_ms >= (this.options.commit_every_ms ?? 1_000);
      if (this.#uncommitted && (due || taken === 0)) await this.#commit(now_ms);
      if (taken > 0) this.#caught_up = [...waiting, ...this.#caught_up];
      else {
        for (const resolve of waiting) resolve();
        if (this.#caught_up.length === 0) await this.#waitForMore();
      }
    }
    if (this.#uncommitted) await this.#commit(this.#clock.now_ms());
  }

  async #fetch(): Promise<void> {
    const most = this.options.read_ahead_records ?? 1_000;
    for (const [index, lane] of this.lanes.entries()) {
      if (lane.buffered > 0) continue;
      const { topic, partition } = lane;
      const request = { topic: topic.name, partition, from: offset(lane.fetch), max_records: most };
      const { records, next_offset } = await this.options.log.read(request);
      for (const record of records) this.#inputs.add(index, this.#decode(lane, record));
      lane.fetch = next_offset;
      lane.buffered = records.length;
      lane.at_tail = records.length === 0;
      if (records.length > 0) this.#wake(index, lane);
      else this.#fallIdle(index, lane);
    }
  }

  #wake(index: number, lane: Lane): void {
    lane.active_ms = this.#clock.now_ms();
    this.#inputs.setIdle(index, false);
    this.task.setIdle(this.task.source(lane.topic.name), lane.partition, false);
  }

  #fallIdle(index: number, lane: Lane): void {
    const source = this.task.source(lane.topic.name);
    const { idle_after_ms } = source.time;
    if (idle_after_ms === undefined || this.#clock.now_ms() - lane.active_ms < idle_after_ms) return;
    this.#inputs.setIdle(index, true);
    this.task.setIdle(source, lane.partition, true);
  }

  #decode({ topic }: Lane, record: LogRecord): Fetched {
    const { partition, appended_ms, offset: at } = record;
    const key = record.key === null ? null : text.decode(record.key);
    const { time } = this.task.source(topic.name);
    try {
      const value = record.value === null ? null : topic.schema.parse(JSON.parse(text.decode(record.value)));
      const own_ms = value === null ? undefined : time.timestamp_ms?.(value);
      const timestamp_ms = time.time === 'processing' ? appended_ms : (own_ms ?? record.timestamp_ms);
      return { partition, key, value, timestamp_ms, appended_ms, offset: at };
    } catch (cause) {
      const detail = `${topic.name}/${partition}@${at} does not fit its schema`;
      throw new NervelineError('NL-LOG-011', { detail, cause });
    }
  }

  #takeAll(): number {
    let taken = 0;
    for (let next = this.#inputs.take(); next !== undefined; next = this.#inputs.take()) {
      const lane = this.lanes[next.lane];
      if (lane === undefined) break;
      this.task.take(this.task.source(lane.topic.name), next.input);
      lane.taken = next.input.offset + 1;
      lane.buffered -= 1;
      taken += 1;
    }
    if (taken > 0) this.#uncommitted = true;
    this.task.run();
    return taken;
  }

  async #commit(now_ms: number): Promise<void> {
    const { log, group, topology } = this.options;
    const snapshot = this.task.snapshot();
    const { writes, chunks } = writesOf(group, { snapshot, topology: topology.describe(), chunks_before: this.chunks });
    const positions = this.lanes.map(({ topic, partition, taken }): InputPosition => {
      return { group, topic: topic.name, partition, next_offset: offset(taken), applied_above: [] };
    });
    await log.commit({ appends: this.#appends.splice(0), state: writes, positions });
    this.chunks = chunks;
    this.#committed_ms = now_ms;
    this.#uncommitted = false;
  }

  /** Until a partition that was empty has something, the next one would be idle, or the end. */
  async #waitForMore(): Promise<void> {
    const empty = this.lanes.filter(({ at_tail }) => at_tail);
    const idle_ms = empty.flatMap(({ topic }) => this.task.source(topic.name).time.idle_after_ms ?? []);
    const abort = [this.#stopping.signal, ...idle_ms.map((ms) => AbortSignal.timeout(ms))];
    const places = empty.map(({ topic, partition, fetch }) => {
      return { topic: topic.name, partition, next_offset: offset(fetch) };
    });
    if (places.length > 0) await this.options.log.waitForRecords(places, AbortSignal.any(abort));
  }
}

async function lanesOf({ topology, log, group, clock = systemClock }: RunTopologyOptions): Promise<Lane[]> {
  const committed = new Map<string, number>();
  for (const one of await log.positions(group)) committed.set(`${one.topic}/${one.partition}`, one.next_offset);
  const lanes: Lane[] = [];
  for (const topic of topology.topics.read) {
    for (let partition = 0; partition < (topic.partitions ?? 1); partition += 1) {
      const from = committed.get(`${topic.name}/${partition}`) ?? (await log.tail(topic.name, partition)).start_offset;
      lanes.push({
        topic,
        partition,
        fetch: from,
        taken: from,
        buffered: 0,
        at_tail: false,
        active_ms: clock.now_ms(),
      });
    }
  }
  return lanes;
}

function addAppends(appends: OutRecord[], topic: string, batch: Batch): void {
  for (let index = 0; index < batch.size; index += 1) {
    const key = batch.keys[index];
    const value = batch.values[index];
    appends.push({
      topic,
      key: keyText(key),
      value: value === null ? null : utf8.encode(JSON.stringify(value)),
      timestamp_ms: batch.timeAt(index),
    });
  }
}

/** Keys of the DSL are what `Key` says; any other has been refused. */
function keyText(key: unknown): string | null {
  if (typeof key === 'string') return key;
  return typeof key === 'number' || typeof key === 'bigint' || typeof key === 'boolean' ? String(key) : null;
}
