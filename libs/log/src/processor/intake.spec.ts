import { offset, type Offset } from '@nerveline/kernel';
import type { Log, ReadBatch } from '../ports/log';
import { Intake, type IntakeInput } from './intake';
import { Room } from './room';
import { systemTimers } from './timers';

/** Two topics whose tails the test moves; notes what was read, and who waits. */
class TwoTopics implements Pick<Log, 'read' | 'waitForRecords'> {
  readonly tails = new Map([
    ['one', 0],
    ['two', 0],
  ]);
  readonly reads: string[] = [];
  #wake: ((index: number | undefined) => void) | undefined;
  readonly #waits: (() => void)[] = [];

  async read({ topic }: { readonly topic: string }): Promise<ReadBatch> {
    this.reads.push(topic);
    const tail_offset = offset(this.tails.get(topic) ?? 0);
    return { records: [], next_offset: tail_offset, tail_offset };
  }

  waitForRecords(_: unknown, signal: AbortSignal, onRecords?: (index: number) => void): Promise<boolean> {
    for (const told of this.#waits.splice(0)) told();
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(false), { once: true });
      this.#wake = (index) => {
        if (index !== undefined) onRecords?.(index);
        resolve(true);
      };
    });
  }

  waits(): Promise<void> {
    return new Promise((resolve) => this.#waits.push(resolve));
  }

  wake(index: number | undefined): Promise<void> {
    const again = this.waits();
    this.#wake?.(index);
    return again;
  }
}

function inputOf(topic: string): IntakeInput {
  let next_offset: Offset = offset(0);
  return {
    topic,
    partition: 0,
    room_records: 100,
    get next_offset() {
      return next_offset;
    },
    isFull: () => false,
    take: (batch) => void (next_offset = batch.next_offset),
  };
}

async function withIntake(act: (log: TwoTopics) => Promise<void>): Promise<void> {
  const log = new TwoTopics();
  const stop = new AbortController();
  const inputs = [inputOf('one'), inputOf('two')];
  const options = { log, inputs, timers: systemTimers, read_bytes: 1_024, signal: stop.signal, room: new Room(1_024) };
  const first = log.waits();
  const running = new Intake(options).run();
  await first;
  expect(log.reads.splice(0)).toEqual(['one', 'two']);
  await act(log);
  stop.abort();
  await running;
}

test('of several topics only those are read that are known to have records', () =>
  withIntake(async (log) => {
    log.tails.set('two', 5);
    await log.wake(1);
    expect(log.reads).toEqual(['two']);
  }));

test('a log that can not tell which topic has records has all of them read', () =>
  withIntake(async (log) => {
    log.tails.set('one', 5);
    await log.wake(undefined);
    expect(log.reads).toEqual(['one', 'two']);
  }));
