/** What takes part in a batch: told once a frame that it has changed. */
export interface Batched {
  flush(): void;
}

/** Runs a callback at the next frame. A hidden tab has no frames, so there a slow timer takes over. */
export function nextFrame(callback: () => void): void {
  if (document.hidden) setTimeout(callback, HIDDEN_FRAME_MS);
  else requestAnimationFrame(callback);
}

const HIDDEN_FRAME_MS = 1_000;

/** Gathers changes, so that hundreds of events between two frames cost one render. */
export class RenderBatch {
  readonly #dirty = new Set<Batched>();
  #scheduled = false;

  constructor(private readonly schedule: (callback: () => void) => void = nextFrame) {}

  add(store: Batched): void {
    this.#dirty.add(store);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.schedule(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    const stores = [...this.#dirty];
    this.#dirty.clear();
    for (const store of stores) store.flush();
  }
}
