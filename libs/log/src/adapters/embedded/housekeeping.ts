import { unreachable } from '@nerveline/kernel';
import { compact } from './compaction';
import type { EnvironmentWriter } from './environment-writer';
import type { LogTopic } from './log-topic';
import { dropExpired } from './retention';
import { rollSegments } from './rolling';
import type { SharedEnvironment } from './shared-environment';
import { sweepSegments } from './sweep-segments';
import { StalledReaders } from './stalled-readers';

export interface HousekeepingOptions {
  readonly interval_ms: number;
  readonly compaction_min_records: number;
  /** So much of a partition lies in the environment itself before it is moved to a segment. */
  readonly segment_bytes: number;
  /** A pass failed; the next one tries again. */
  onError(error: unknown): void;
}

/** Keeps the own topics to their retention, one partition after another, in small steps between the service's commits. */
export class Housekeeping {
  readonly #timer: NodeJS.Timeout;
  #pass: Promise<void> | undefined;
  #stopped = false;
  readonly #readers = new StalledReaders();

  constructor(
    private readonly own: {
      readonly environment: SharedEnvironment;
      readonly writer: EnvironmentWriter;
      readonly topics: readonly LogTopic[];
    },
    private readonly options: HousekeepingOptions,
  ) {
    this.#timer = setInterval(() => this.begin(), options.interval_ms);
    // Who writes fast isn't left to the timer: the environment would grow for as long, and keep its size for good.
    own.writer.onGrowth(options.segment_bytes, () => this.begin());
    // Being due for a pass is no reason to keep a process alive.
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#pass;
  }

  private begin(): void {
    // What is still committed while the log closes may ask for a pass: there is nothing to read from then on.
    if (this.#stopped) return;
    this.#pass ??= this.run()
      .catch((error: unknown) => {
        if (!this.#stopped) this.options.onError(error);
      })
      .finally(() => {
        this.#pass = undefined;
      });
  }

  private async run(): Promise<void> {
    const { environment, writer, topics } = this.own;
    if (!writer.keepsHouse) return;
    environment.read((file) => file.releaseDeadReaders());
    const stalled = this.#readers.check(
      environment.read((file) => file.listReaders()),
      performance.now(),
    );
    if (stalled !== undefined) this.options.onError(stalled);
    sweepSegments(environment);
    for (const { name, partitions, retention } of topics) {
      for (let partition = 0; partition < partitions && !this.#stopped; partition += 1) {
        const own = { environment, writer, topic: name, partition };
        const now_ms = Date.now();
        switch (retention.kind) {
          case 'age':
            await dropExpired(own, {
              appended_before_ms: now_ms - retention.retention_ms,
              max_bytes: retention.retention_bytes ?? Infinity,
            });
            await rollSegments(own, this.options.segment_bytes, () => this.#stopped);
            break;
          case 'compacted':
            await compact(own, { min_records: this.options.compaction_min_records, now_ms });
            break;
          default:
            unreachable(retention);
        }
      }
    }
  }
}
