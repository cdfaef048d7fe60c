import type { PushItem } from '@nerveline/contracts';
import type { Batched, RenderBatch } from './render-batch';
import type { StreamSink } from './stream-sink';

/**
 * State outside React. It changes at once and in place; its version moves, and its listeners hear of it, once a frame.
 * Components subscribe through `useVersion` and read the store itself.
 */
export abstract class Store implements Batched {
  readonly #listeners = new Set<() => void>();
  #version = 0;

  constructor(private readonly batch: RenderBatch) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly version = (): number => this.#version;

  flush(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }

  protected changed(): void {
    this.batch.add(this);
  }

  /** Takes a stream's items one by one; `forget` empties what they replace. */
  protected sinkOf(take: (item: PushItem) => void, forget: () => void): StreamSink {
    return {
      take: (items, replace) => {
        if (replace) forget();
        for (const item of items) take(item);
        this.changed();
      },
    };
  }
}
