import { NervelineError } from '@nerveline/kernel';
import type { CompiledTopology } from './compile';
import type { RejectedRecord } from './operator';
import { isTime, type PartitionClock, type Source } from './source';
import type { StateBackend, StateSnapshot } from './state';
import { Step } from './step';

/** A record on its way into a task. */
export interface TaskInput {
  readonly partition: number;
  readonly key: unknown;
  readonly value: unknown;
  readonly timestamp_ms: number;
  /** Wall time of the append: what "too far in the future" is measured by, the same at every replay. */
  readonly appended_ms?: number;
}

export interface TaskSnapshot {
  readonly state: StateSnapshot;
  readonly watermark_ms: number;
  readonly partitions: ReadonlyMap<string, readonly PartitionClock[]>;
}

/** One running copy of a topology: takes records in, runs the graph over them step by step, gives outputs to its sinks. */
export class Task {
  readonly #step = new Step();
  readonly #sources: ReadonlyMap<string, Source>;

  constructor(
    private readonly compiled: CompiledTopology,
    readonly state: StateBackend,
  ) {
    this.#sources = compiled.sources;
  }

  /** Everything is final up to here. */
  get watermark_ms(): number {
    return this.#step.end;
  }

  get rejected(): readonly RejectedRecord[] {
    return this.compiled.rejected;
  }

  /** @throws NervelineError `NL-STR-008` */
  source(topic: string): Source {
    const source = this.#sources.get(topic);
    if (source === undefined) throw new NervelineError('NL-STR-008', { detail: `the topology doesn't read ${topic}` });
    return source;
  }

  /** Puts a record into the step in hand; {@link run} handles it. */
  take(source: Source, input: TaskInput): void {
    const { partition, key, value } = input;
    const timestamp_ms = Math.floor(input.timestamp_ms);
    source.counts.records += 1;
    if (!isTime(timestamp_ms)) {
      source.counts.bad_time += 1;
      const error = new NervelineError('NL-STR-005', { detail: `${source.topic_name}: the time ${timestamp_ms}` });
      this.compiled.reject({ operator: source.topic_name, key, value, timestamp_ms, error });
      return;
    }
    const step = this.#step;
    source.push(key, value, { time_ms: timestamp_ms, position: step.size });
    const clock = source.partitions[partition];
    if (clock === undefined) throw new NervelineError('NL-STR-008', { detail: `${source.topic_name}/${partition}` });
    if (input.appended_ms !== undefined && timestamp_ms > input.appended_ms + source.max_ahead_ms) {
      source.counts.ahead += 1;
      step.advance(step.end);
      return;
    }
    const behind_ms = timestamp_ms - source.out_of_orderness_ms;
    if (behind_ms > clock.watermark_ms) {
      clock.watermark_ms = behind_ms;
      step.advance(this.#combine());
    } else {
      step.advance(step.end);
    }
  }

  /** Puts many values of a partition without keys into the step in hand, which costs less for each than {@link take}. */
  takeValues(source: Source, partition: number, values: readonly unknown[]): void {
    const { counts, out_of_orderness_ms, time } = source;
    const clock = source.partitions[partition];
    const timeOf = time.timestamp_ms;
    if (clock === undefined || timeOf === undefined) {
      throw new NervelineError('NL-STR-008', {
        detail: `${source.topic_name}/${partition} without a timestamp option`,
      });
    }
    const step = this.#step;
    for (const value of values) {
      const timestamp_ms = timeOf(value);
      if (!Number.isInteger(timestamp_ms) || timestamp_ms < 0) {
        this.take(source, { partition, key: null, value, timestamp_ms });
        continue;
      }
      counts.records += 1;
      source.push(null, value, { time_ms: timestamp_ms, position: step.size });
      const behind_ms = timestamp_ms - out_of_orderness_ms;
      if (behind_ms > clock.watermark_ms) {
        clock.watermark_ms = behind_ms;
        step.advance(this.#combine());
      } else {
        step.advance(step.end);
      }
    }
  }

  /** Moves a partition's watermark without a record: a heartbeat of the source, or a test. */
  advance(source: Source, partition: number, watermark_ms: number): void {
    const clock = source.partitions[partition];
    if (clock === undefined || watermark_ms <= clock.watermark_ms) return;
    clock.watermark_ms = watermark_ms;
    this.#step.advance(this.#combine());
  }

  /** A partition gives nothing: it holds nobody back until it gives something. */
  setIdle(source: Source, partition: number, idle: boolean): void {
    const clock = source.partitions[partition];
    if (clock === undefined || clock.idle === idle) return;
    clock.idle = idle;
    this.#step.advance(this.#combine());
  }

  /** Runs the graph over what was taken since the last time. */
  run(): void {
    const step = this.#step;
    if (step.size === 0) return;
    for (const operator of this.compiled.operators) operator.run(step);
    for (const { topic, batch } of this.compiled.sinks) this.compiled.deliver(topic, batch);
    for (const source of this.#sources.values()) source.clear();
    step.clear();
  }

  snapshot(): TaskSnapshot {
    const partitions = [...this.#sources].map(([name, source]) => [name, source.partitions] as const);
    return {
      state: this.state.snapshot(),
      watermark_ms: this.watermark_ms,
      partitions: structuredClone(new Map(partitions)),
    };
  }

  restore(snapshot: TaskSnapshot): void {
    this.state.restore(snapshot.state);
    this.#step.reset(snapshot.watermark_ms);
    for (const [name, source] of this.#sources) {
      source.clear();
      for (const [index, clock] of source.partitions.entries()) {
        Object.assign(clock, snapshot.partitions.get(name)?.[index]);
      }
    }
    for (const operator of this.compiled.operators) operator.restored?.();
  }

  /** Never goes back: a partition that wakes up from being idle may be behind what was closed already. */
  #combine(): number {
    let oldest: number | undefined;
    for (const source of this.#sources.values()) {
      const one = source.watermark_ms;
      if (one !== undefined && (oldest === undefined || one < oldest)) oldest = one;
    }
    return Math.max(this.#step.end, oldest ?? this.#step.end);
  }
}
