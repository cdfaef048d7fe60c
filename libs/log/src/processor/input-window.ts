import { offset, type InputPosition, type Offset } from '@nerveline/kernel';
import type { LogRecord } from '../ports/log';
import { Fifo } from './fifo';
import { sizeOf, type Job } from './job';
import type { Room } from './room';

/** A record that was settled before this process came. */
type Entry = Pick<Job, 'state'> & { readonly record: LogRecord };

/**
 * One partition of one topic, from the oldest record that isn't settled to where reading goes on. Its position never
 * passes a record that isn't settled; what is settled behind one stands in `applied_above`.
 */
export class InputWindow {
  readonly #entries = new Fifo<Entry>();
  /** Settled by a predecessor, and not read yet. */
  readonly #applied: Set<number>;
  #read_offset: Offset;
  #committed_offset: Offset;
  /** How often something was settled here, and how much of that is durable. */
  #touches = 0;
  #told = 0;

  constructor(
    readonly place: { readonly group: string; readonly topic: string; readonly partition: number },
    at: { readonly next_offset: Offset; readonly applied_above: readonly Offset[] },
    private readonly room: Room,
  ) {
    this.#read_offset = at.next_offset;
    this.#committed_offset = at.next_offset;
    this.#applied = new Set(at.applied_above);
  }

  get read_offset(): Offset {
    return this.#read_offset;
  }

  /** Everything below is settled, durably. */
  get committed_offset(): Offset {
    return this.#committed_offset;
  }

  get length(): number {
    return this.#entries.length;
  }

  get touches(): number {
    return this.#touches;
  }

  /** A record was settled that brought about nothing. */
  touch(): void {
    this.#touches += 1;
    this.shrink();
  }

  /** Takes a record in; false when a predecessor has settled it. Its place stays, for the position. */
  admit(job: Job): boolean {
    const known = this.#applied.delete(job.record.offset);
    this.#entries.push(known ? { state: 'settled', record: job.record } : job);
    this.room.take(sizeOf(job.record));
    return !known;
  }

  /** Reading has come to here; compaction may have left a gap before it. */
  advance(next_offset: Offset): void {
    this.#read_offset = next_offset;
    for (const applied of this.#applied) if (applied < next_offset) this.#applied.delete(applied);
    this.shrink();
  }

  /** Lets go of what is settled at the front. */
  private shrink(): void {
    let freed_bytes = -1;
    for (let first = this.#entries.at(0); first?.state === 'settled'; first = this.#entries.at(0)) {
      this.#entries.shift();
      freed_bytes = Math.max(0, freed_bytes) + sizeOf(first.record);
    }
    if (freed_bytes >= 0) this.room.give(freed_bytes);
    // Nothing lies behind a commit, so an offset without a record is no news that needs one.
    if (this.#entries.length === 0 && this.#told === this.#touches) this.#committed_offset = this.#read_offset;
  }

  /** Nobody counts it any more. */
  close(): void {
    let freed_bytes = 0;
    for (let entry = this.#entries.shift(); entry !== undefined; entry = this.#entries.shift())
      freed_bytes += sizeOf(entry.record);
    this.room.give(freed_bytes);
  }

  /** As it will be when what is being settled is durable. */
  position(): InputPosition {
    let index = 0;
    while (index < this.#entries.length && this.#entries.at(index)?.state !== 'open') index += 1;
    const open = this.#entries.at(index);
    let next_offset: number = open?.record.offset ?? this.#read_offset;
    // A predecessor may have settled what comes next, and what wasn't read yet has no entry.
    while (open === undefined && this.#applied.has(next_offset)) next_offset += 1;
    const applied_above: Offset[] = [];
    for (index += 1; index < this.#entries.length; index += 1) {
      const entry = this.#entries.at(index);
      if (entry !== undefined && entry.state !== 'open') applied_above.push(entry.record.offset);
    }
    for (const applied of [...this.#applied].sort((a, b) => a - b)) {
      if (applied >= next_offset) applied_above.push(offset(applied));
    }
    return { ...this.place, next_offset: offset(next_offset), applied_above };
  }

  /** A position that was taken when there were so many touches is durable. */
  committed(position: InputPosition, touches: number): void {
    this.#committed_offset = position.next_offset;
    this.#told = touches;
    this.shrink();
  }
}
