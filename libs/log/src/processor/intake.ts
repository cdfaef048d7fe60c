import { isNervelineError, type Offset } from '@nerveline/kernel';
import type { Log, ReadBatch } from '../ports/log';
import { unlessAbsent } from './absent-topic';
import type { Room } from './room';
import type { Timers } from './timers';

/** Something that records are read for. */
export interface IntakeInput {
  readonly topic: string;
  readonly partition: number;
  readonly next_offset: Offset;
  /** Takes no more for now. */
  isFull(): boolean;
  take(batch: ReadBatch): void;
  /** How many records it takes at most. */
  readonly room_records: number;
}

export interface IntakeOptions {
  readonly log: Pick<Log, 'read' | 'waitForRecords'>;
  readonly timers: Timers;
  readonly inputs: readonly IntakeInput[];
  readonly read_bytes: number;
  readonly signal: AbortSignal;
  readonly room: Room;
}

/** Reads what belongs to one partition number, one batch of each input in turn, as long as there is room. */
export class Intake {
  /** What may have records: an input that was read to its end waits until it is known to have more. */
  readonly #due: Set<IntakeInput>;
  #waiting = new AbortController();

  constructor(private readonly options: IntakeOptions) {
    this.#due = new Set(options.inputs);
    options.signal.addEventListener('abort', () => this.#waiting.abort());
  }

  async run(): Promise<void> {
    const { inputs, signal, timers } = this.options;
    while (!signal.aborted) {
      let progressed = false;
      for (const input of inputs) {
        if (signal.aborted) return;
        if (this.#due.has(input) && !input.isFull()) progressed = (await this.#step(input)) || progressed;
      }
      // Handlers and timers have their turn, also while there is always more to read.
      if (progressed) await timers.turn();
      else await this.#wait();
    }
  }

  async #step(input: IntakeInput): Promise<boolean> {
    const { log, read_bytes, signal } = this.options;
    const { topic, partition, next_offset, room_records: max_records } = input;
    const request = { topic, partition, from: next_offset, max_bytes: read_bytes, max_records };
    const batch = await this.#retrying(() => unlessAbsent(log.read(request)));
    if (batch === undefined || batch.next_offset >= batch.tail_offset) this.#due.delete(input);
    if (batch === undefined || batch.next_offset === next_offset || signal.aborted) return false;
    input.take(batch);
    return true;
  }

  async #wait(): Promise<void> {
    const { inputs, signal, room } = this.options;
    if (signal.aborted) return;
    // One for many waits: it ends with the room that it has waited for.
    if (this.#waiting.signal.aborted) this.#waiting = new AbortController();
    const waiting = this.#waiting;
    const open = inputs.filter((input) => !input.isFull());
    if (open.length < inputs.length) room.wait(waiting);
    if (open.length > 0) await this.#waitForRecords(open, waiting.signal);
    else await new Promise<void>((resolve) => waiting.signal.addEventListener('abort', () => resolve()));
    room.forget(waiting);
  }

  async #waitForRecords(open: readonly IntakeInput[], signal: AbortSignal): Promise<void> {
    let told = false;
    const found = await this.#retrying(() =>
      this.options.log.waitForRecords(open, signal, (index) => {
        const input = open[index];
        if (input !== undefined) this.#due.add(input);
        told = true;
      }),
    );
    // A log that can't tell which, or an error: all are looked at.
    if (!told && found !== false) for (const input of open) this.#due.add(input);
  }

  /** A log that can't be read for a while is no reason to end. */
  async #retrying<T>(act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act();
    } catch (error) {
      if (this.options.signal.aborted) return undefined;
      if (!isNervelineError(error) || !error.retriable) throw error;
      const { timers } = this.options;
      await new Promise<void>((resolve) => timers.after(RETRY_MS, resolve));
      return undefined;
    }
  }
}

const RETRY_MS = 100;
