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
  #waiting: AbortController | undefined;

  constructor(private readonly options: IntakeOptions) {
    options.signal.addEventListener('abort', () => this.#waiting?.abort());
  }

  async run(): Promise<void> {
    const { inputs, signal, timers } = this.options;
    while (!signal.aborted) {
      let progressed = false;
      for (const input of inputs) {
        if (signal.aborted) return;
        if (!input.isFull()) progressed = (await this.#step(input)) || progressed;
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
    if (batch === undefined || batch.next_offset === next_offset || signal.aborted) return false;
    input.take(batch);
    return true;
  }

  async #wait(): Promise<void> {
    const { log, inputs, signal, room } = this.options;
    if (signal.aborted) return;
    const waiting = new AbortController();
    this.#waiting = waiting;
    const open = inputs.filter((input) => !input.isFull());
    if (open.length < inputs.length) room.wait(waiting);
    if (open.length > 0) await this.#retrying(() => log.waitForRecords(open, waiting.signal));
    else await new Promise<void>((resolve) => waiting.signal.addEventListener('abort', () => resolve()));
    room.forget(waiting);
    this.#waiting = undefined;
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
