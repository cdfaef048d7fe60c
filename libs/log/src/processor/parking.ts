import { heldRecordKey, type HeldRecord } from '@nerveline/contracts';
import { invariant, isNervelineError, offset, type Offset, type OutRecord } from '@nerveline/kernel';
import { heldAppend, HELD_BY, heldTombstone, holdRecord, readHeld, releaseRecord } from '../dlq/held-record-codec';
import type { Log, LogRecord } from '../ports/log';
import { describeError } from './error-kind';
import type { HandlerRun } from './handler-run';
import { Job, type KeyNames } from './job';
import type { HeldTopicNames, RetryPolicy } from './options';
import { newParkedKey, type Arriving, type ParkedKey, type ParkedRecord } from './parked-key';
import type { Timers } from './timers';

export interface ParkingOptions {
  readonly log: Pick<Log, 'read'>;
  readonly group: string;
  readonly partition: number;
  readonly topics: HeldTopicNames;
  readonly names: KeyNames;
  readonly timers: Timers;
  readonly policy: RetryPolicy;
  /** Names this owner of the partition. */
  readonly held_by: string;
  /** Its time has come. */
  retry(job: Job): void;
  onFatal(error: unknown): void;
}

/**
 * The keys of one partition that wait, and their records in the parked topic. A key leaves when its last record is
 * settled; until then whatever comes for it goes behind.
 */
export class Parking {
  readonly #keys = new Map<string, ParkedKey>();
  readonly #known = new Map<string, ParkedRecord>();
  #state: 'loading' | 'open' | 'closed' = 'loading';
  /** Where reading of the parked topic goes on. */
  read_offset = offset(0);

  constructor(private readonly options: ParkingOptions) {}

  get size(): number {
    return this.#known.size;
  }

  get keys(): number {
    return this.#keys.size;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** First positions of what waits of a topic. */
  heldOf(topic: string): Offset[] {
    return [...this.#known.values()]
      .filter(({ first }) => first.topic === topic)
      .map(({ first }) => offset(first.offset));
  }

  /** Nothing below waits any more. */
  floor(): Offset {
    let floor: number = this.read_offset;
    for (const { offset } of this.#known.values()) floor = Math.min(floor, offset);
    return offset(floor);
  }

  /** A job's key waits from now on, and the job is on its way into the parked topic. */
  hold(job: Job, failed?: { readonly error: unknown; readonly run: HandlerRun | undefined }): Arriving {
    const { group, timers, held_by } = this.options;
    const held = holdRecord(job.record, {
      group,
      reason: failed === undefined ? 'behind' : 'failed',
      attempts: job.attempts,
      first_failed_ms: job.first_failed_ms ?? null,
      held_ms: timers.now_ms(),
      failure: failed === undefined ? null : describeError(failed.error),
      held_by,
    });
    const arriving = this.readmit(held, job.key);
    const key = this.#keys.get(job.key);
    if (key !== undefined && failed?.run !== undefined) key.last_run = failed.run;
    return arriving;
  }

  /** A record that was held before comes (again). */
  readmit(held: HeldRecord, name: string): Arriving {
    const key = this.#key(name);
    key.arriving += 1;
    return {
      append: heldAppend(this.#place(), held),
      placed: (at) => {
        key.arriving -= 1;
        this.#add(key, held, at);
      },
    };
  }

  /** What takes a record out of the parked topic. */
  tombstone({ id }: ParkedRecord): OutRecord {
    const { timers, held_by } = this.options;
    return heldTombstone(this.#place(), { key: id, held_by, timestamp_ms: timers.now_ms() });
  }

  /** It was handled, or is a dead letter, durably. */
  settled(job: Job): void {
    const { key, record } = this.#of(job);
    this.#remove(key, record);
    key.trying = false;
    key.flowing = true;
    key.failures = 0;
    this.#schedule(key, 0);
  }

  failed(job: Job, run: HandlerRun): void {
    const { key, record } = this.#of(job);
    record.attempts = job.attempts;
    record.first_failed_ms = job.first_failed_ms;
    key.trying = false;
    key.flowing = false;
    key.failures += 1;
    key.last_run = run;
    this.#schedule(key, this.#delay_ms(key));
  }

  /** What stands in the parked topic of this group, in its order. A predecessor wrote it, or somebody sent it again. */
  take(records: readonly LogRecord[]): void {
    for (const record of records) {
      const id = Buffer.from(record.key ?? []).toString();
      if (record.headers[HELD_BY] === this.options.held_by || !id.startsWith(`${this.options.group}/`)) continue;
      const known = this.#known.get(id);
      if (record.value !== null) this.#takeHeld({ ...record, value: record.value });
      else if (known !== undefined) this.#takeTombstone(known);
    }
  }

  /** Lets the keys that were found be tried. */
  open(): void {
    this.#state = 'open';
    for (const key of this.#keys.values()) this.#schedule(key, this.#delay_ms(key));
  }

  close(): void {
    this.#state = 'closed';
    for (const { cancel } of this.#keys.values()) cancel?.();
  }

  #takeHeld(record: LogRecord & { readonly value: Uint8Array }): void {
    const held = readHeld(record);
    if (held.group !== this.options.group) return;
    const key = this.#key(this.options.names.name(releaseRecord(held)));
    this.#add(key, held, record.offset);
  }

  #takeTombstone(record: ParkedRecord): void {
    for (const key of this.#keys.values()) {
      if (key.waiting.includes(record) && !(key.trying && key.waiting[0] === record)) {
        this.#remove(key, record);
        this.#leaveIfDone(key);
        return;
      }
    }
  }

  #key(name: string): ParkedKey {
    let key = this.#keys.get(name);
    if (key === undefined) {
      key = newParkedKey(name);
      this.#keys.set(name, key);
    }
    return key;
  }

  #add(key: ParkedKey, held: HeldRecord, at: Offset): void {
    const id = heldRecordKey(held);
    const known = this.#known.get(id);
    if (known !== undefined) {
      known.offset = at;
      return;
    }
    const record: ParkedRecord = {
      id,
      offset: at,
      first: { topic: held.topic, partition: held.partition, offset: held.offset },
      attempts: held.reason === 'redriven' ? 0 : held.attempts,
      first_failed_ms: held.reason === 'redriven' ? undefined : (held.first_failed_ms ?? undefined),
    };
    this.#known.set(id, record);
    // While the first one is tried, nothing goes before it.
    const behind = key.waiting.findIndex(({ first }, i) => first.offset > held.offset && !(i === 0 && key.trying));
    key.waiting.splice(behind < 0 ? key.waiting.length : behind, 0, record);
    this.#schedule(key, key.flowing || held.reason === 'redriven' ? 0 : this.#delay_ms(key));
  }

  #remove(key: ParkedKey, record: ParkedRecord): void {
    this.#known.delete(record.id);
    key.waiting.splice(key.waiting.indexOf(record), 1);
  }

  #schedule(key: ParkedKey, delay_ms: number): void {
    if (this.#state !== 'open' || key.trying || this.#leaveIfDone(key) || key.waiting.length === 0) return;
    if (key.cancel !== undefined && delay_ms > 0) return;
    key.cancel?.();
    key.cancel = this.options.timers.after(delay_ms, () => {
      key.cancel = undefined;
      this.#try(key).catch((error: unknown) => this.options.onFatal(error));
    });
  }

  #leaveIfDone(key: ParkedKey): boolean {
    if (key.waiting.length > 0 || key.arriving > 0) return false;
    key.cancel?.();
    this.#keys.delete(key.name);
    return true;
  }

  async #try(key: ParkedKey): Promise<void> {
    const [record] = key.waiting;
    if (record === undefined || this.#state === 'closed') return;
    if (key.last_run?.lingers === true) {
      key.failures += 1;
      this.#schedule(key, this.#delay_ms(key));
      return;
    }
    key.trying = true;
    const job = await this.#read(key, record);
    if ((this.#state as string) === 'closed') return;
    if (job === undefined) {
      key.trying = false;
      key.failures += 1;
      this.#schedule(key, this.#delay_ms(key));
    } else this.options.retry(job);
  }

  async #read(key: ParkedKey, record: ParkedRecord): Promise<Job | undefined> {
    let found: LogRecord | undefined;
    try {
      [found] = (await this.options.log.read({ ...this.#place(), from: record.offset, max_records: 1 })).records;
    } catch (error) {
      if (isNervelineError(error) && error.retriable) return undefined;
      throw error;
    }
    invariant(
      found?.offset === record.offset && found.value !== null,
      `parked record ${record.id} is not where it was`,
    );
    const job = new Job(releaseRecord(readHeld({ ...found, value: found.value })), key.name, undefined, record);
    job.attempts = record.attempts;
    job.first_failed_ms = record.first_failed_ms;
    return job;
  }

  #of(job: Job): { key: ParkedKey; record: ParkedRecord } {
    const key = this.#keys.get(job.key);
    invariant(job.parked !== undefined && key !== undefined, 'a record that is retried was parked');
    return { key, record: job.parked };
  }

  /** Spread, so that keys that failed together don't come back together. */
  #delay_ms({ failures }: ParkedKey): number {
    const { policy, timers } = this.options;
    const ceiling_ms = Math.min(policy.parked_longest_ms, policy.parked_first_ms * 2 ** Math.min(failures, 20));
    return ceiling_ms / 2 + (timers.random() * ceiling_ms) / 2;
  }

  #place(): { topic: string; partition: number } {
    return { topic: this.options.topics.parked, partition: this.options.partition };
  }
}
