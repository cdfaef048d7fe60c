import type { Checksum } from './checksum';
import { NexmarkGenerator, type GeneratorOptions, type NexmarkEvent } from './events';
import { events, topologyOf, type QueryName, type QueryOptions, type Row } from './queries';
import { MemoryState, Task } from '@nerveline/stream';

/** A query that takes events in batches and hands its rows on. */
export class QueryRun {
  readonly #task: Task;

  constructor(query: QueryName, onRow: (row: Row) => void, options: QueryOptions = {}) {
    const state = new MemoryState();
    const compiled = topologyOf(query, options).compile({
      state,
      deliver: (_topic, { values, size }) => {
        for (let index = 0; index < size; index += 1) onRow(values[index] as Row);
      },
      reject: ({ error }) => {
        throw error;
      },
    });
    this.#task = new Task(compiled, state);
  }

  take(batch: readonly NexmarkEvent[]): void {
    this.#task.takeValues(this.#task.source(events.name), 0, batch);
    this.#task.run();
  }

  /** The stream is at its end: every window closes. */
  finish(): void {
    this.#task.advance(this.#task.source(events.name), 0, Number.MAX_SAFE_INTEGER);
    this.#task.run();
  }
}

/** Adds rows to the checksum of docs/nexmark.md. */
export function addRow(checksum: Checksum, row: Row): void {
  for (const cell of row) {
    if (typeof cell === 'number') checksum.number(cell);
    else checksum.text(cell);
  }
  checksum.row();
}

/** The events with these numbers. */
export function eventsOf(from: number, until: number, options?: GeneratorOptions): NexmarkEvent[] {
  const generator = new NexmarkGenerator(options);
  return Array.from({ length: until - from }, (_, at) => generator.at(from + at));
}
