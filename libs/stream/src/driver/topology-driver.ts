import { NervelineError } from '@nerveline/kernel';
import type { Batch } from '../engine/batch';
import type { OperatorCounts } from '../engine/compile';
import type { RejectedRecord } from '../engine/operator';
import { OrderedInputs } from '../engine/ordered-inputs';
import type { SourceCounts } from '../engine/source';
import { MemoryState, type StateMap } from '../engine/state';
import { Task, type TaskInput, type TaskSnapshot } from '../engine/task';
import type { TopicOf } from '../topology/graph';
import type { Topology } from '../topology/topology';

/** A record for a topology, or one that it gave. */
export interface DrivenRecord<V> {
  readonly key?: string | null;
  /** `null` is a tombstone. */
  readonly value: V | null;
  /** Event time. When absent, that of the driver's clock. */
  readonly timestamp_ms?: number;
  readonly partition?: number;
}

export interface OutputRecord<V> {
  readonly key: unknown;
  readonly value: V;
  readonly timestamp_ms: number;
}

export interface DriverOptions {
  /** Where the virtual clock begins. Default 0. */
  readonly start_ms?: number;
  /**
   * `as piped` (default) handles a record when it is piped, so that a test says in which order partitions are read;
   * `by time` reads partitions as a running topology does, by event time, and waits for one that has nothing.
   */
  readonly order?: 'as piped' | 'by time';
  /** With `by hand`, outputs show and input counts as read only with {@link TopologyDriver.commit}. Default after each pipe. */
  readonly commit?: 'each' | 'by hand';
}

interface Piped extends TaskInput {
  readonly topic: string;
}

/** Runs a topology without a broker, in virtual time: what it does, step by step, in a unit test. */
export class TopologyDriver {
  readonly #options: DriverOptions;
  #task: Task;
  #inputs: OrderedInputs<Piped>;
  readonly #lanes: { readonly topic: string; readonly partition: number }[] = [];
  readonly #outputs = new Map<string, OutputRecord<unknown>[]>();
  #uncommitted_outputs: { readonly topic: string; readonly record: OutputRecord<unknown> }[] = [];
  #uncommitted_inputs: Piped[] = [];
  #committed: TaskSnapshot;
  #now_ms: number;
  #ended = false;
  #state = new MemoryState();
  #counts: ReadonlyMap<string, OperatorCounts> = new Map();

  constructor(
    private readonly topology: Topology,
    options: DriverOptions = {},
  ) {
    this.#options = options;
    this.#now_ms = options.start_ms ?? 0;
    for (const { name, partitions = 1 } of topology.topics.read) {
      for (let partition = 0; partition < partitions; partition += 1) this.#lanes.push({ topic: name, partition });
    }
    this.#inputs = new OrderedInputs(this.#lanes.length);
    this.#task = this.#start();
    this.#committed = this.#task.snapshot();
  }

  /** Records in, handled as one batch. @throws NervelineError `NL-STR-008` for a topic that it doesn't read */
  pipe<V>(topic: TopicOf<V>, ...records: readonly DrivenRecord<V>[]): void {
    const { time } = this.#task.source(topic.name);
    for (const { key = null, value: given, timestamp_ms = this.#now_ms, partition = 0 } of records) {
      const value = given === null ? null : topic.schema.parse(given);
      const own_ms = value === null ? undefined : time.timestamp_ms?.(value);
      const event_ms = time.time === 'processing' ? this.#now_ms : (own_ms ?? timestamp_ms);
      this.#wake(topic.name, partition);
      const input = { topic: topic.name, partition, key, value, timestamp_ms: event_ms, appended_ms: this.#now_ms };
      this.#uncommitted_inputs.push(input);
      this.#feed(input);
    }
    this.#run();
  }

  /** Takes what has been written to a topic. */
  read<V>(topic: TopicOf<V>): readonly OutputRecord<V>[] {
    const records = this.#outputs.get(topic.name) ?? [];
    this.#outputs.set(topic.name, []);
    return records as OutputRecord<V>[];
  }

  /** Says that no record older than this comes, from any partition. */
  advanceWatermark(to_ms: number): void {
    for (const { topic, partition } of this.#lanes) this.#task.advance(this.#task.source(topic), partition, to_ms);
    this.#run();
  }

  /** Time passes: partitions become idle, windows over processing time close. */
  advanceClock(by_ms: number): void {
    this.#now_ms += by_ms;
    for (const [lane, { topic, partition }] of this.#lanes.entries()) {
      const source = this.#task.source(topic);
      if (source.time.time === 'processing') this.#task.advance(source, partition, this.#now_ms);
      const clock = source.partitions[partition];
      const { idle_after_ms } = source.time;
      if (clock === undefined || idle_after_ms === undefined) continue;
      if (this.#now_ms - clock.active_ms < idle_after_ms) continue;
      this.#task.setIdle(source, partition, true);
      this.#inputs.setIdle(lane, true);
    }
    this.#drain();
    this.#run();
  }

  /** No partition gives anything any more: everything that waits is handled. Windows stay open. */
  end(): void {
    this.#ended = true;
    for (const lane of this.#lanes.keys()) this.#inputs.end(lane);
    this.#drain();
    this.#run();
  }

  /** State, outputs and input positions become durable in one step. */
  commit(): void {
    this.#committed = this.#task.snapshot();
    this.#publish();
  }

  /** The process dies and another one goes on from the last commit, which reads again what was not committed. */
  crash(): void {
    const again = this.#uncommitted_inputs;
    const committed = this.#options.commit === 'by hand' ? this.#committed : this.#task.snapshot();
    this.#uncommitted_outputs = [];
    this.#state = new MemoryState();
    this.#inputs = new OrderedInputs(this.#lanes.length);
    this.#task = this.#start();
    this.#task.restore(committed);
    for (const input of again) this.#feed(input);
    if (this.#ended) this.end();
    this.#run();
  }

  /** A store by its name: that of a table, or `OPERATOR/PART` for what an operator keeps. */
  store<K, V>(name: string): Pick<StateMap<K, V>, 'get' | 'size' | 'entries'> {
    if (!this.#state.names().includes(name)) {
      throw new NervelineError('NL-STR-008', {
        detail: `no store ${name}; there are ${this.#state.names().join(', ')}`,
      });
    }
    return this.#state.map(name);
  }

  get watermark_ms(): number {
    return this.#task.watermark_ms;
  }

  /** Late records by operator. */
  counts(operator: string): OperatorCounts {
    return this.#counts.get(operator) ?? { late: 0, late_for_some: 0 };
  }

  sourceCounts(topic: TopicOf<unknown>): SourceCounts {
    return this.#task.source(topic.name).counts;
  }

  /** What could not be handled, since the start or the last crash. */
  get rejected(): readonly RejectedRecord[] {
    return this.#task.rejected;
  }

  #start(): Task {
    const schemas = new Map(this.topology.topics.written.map(({ name, schema }) => [name, schema]));
    const deliver = (topic: string, batch: Batch) => {
      for (let index = 0; index < batch.size; index += 1) {
        const given = batch.values[index];
        // A tombstone has no schema.
        const value = given === null ? null : schemas.get(topic)?.parse(given);
        const record = { key: batch.keys[index], value, timestamp_ms: batch.timeAt(index) };
        this.#uncommitted_outputs.push({ topic, record });
      }
    };
    const compiled = this.topology.compile({ state: this.#state, deliver });
    this.#counts = compiled.counts;
    for (const { partitions } of compiled.sources.values()) {
      for (const clock of partitions) clock.active_ms = this.#now_ms;
    }
    return new Task(compiled, this.#state);
  }

  #wake(topic: string, partition: number): void {
    const source = this.#task.source(topic);
    const clock = source.partitions[partition];
    if (clock === undefined)
      throw new NervelineError('NL-STR-008', { detail: `${topic} has no partition ${partition}` });
    clock.active_ms = this.#now_ms;
    this.#task.setIdle(source, partition, false);
  }

  #feed(input: Piped): void {
    if (this.#options.order !== 'by time') {
      this.#task.take(this.#task.source(input.topic), input);
      return;
    }
    const { topic, partition } = input;
    this.#inputs.add(
      this.#lanes.findIndex((lane) => lane.topic === topic && lane.partition === partition),
      input,
    );
    this.#drain();
  }

  #drain(): void {
    for (let next = this.#inputs.take(); next !== undefined; next = this.#inputs.take()) {
      this.#task.take(this.#task.source(next.input.topic), next.input);
    }
  }

  #run(): void {
    this.#task.run();
    if (this.#options.commit !== 'by hand') this.#publish();
  }

  #publish(): void {
    // What waits for another partition has not been read yet.
    this.#uncommitted_inputs = this.#inputs.pending();
    const outputs = this.#uncommitted_outputs;
    this.#uncommitted_outputs = [];
    for (const { topic, record } of outputs) {
      const known = this.#outputs.get(topic);
      if (known === undefined) this.#outputs.set(topic, [record]);
      else known.push(record);
    }
  }
}
