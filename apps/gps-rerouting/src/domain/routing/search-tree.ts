import { atF64, atI32, atU32 } from '../graph/road-graph';

const MAX_STAMP = 0xffff_ffff;

/**
 * One direction of a search: labels and a binary heap with decrease-key, in arrays that are reused from query to query
 * (a stamp tells whose label it is, so nothing has to be cleared).
 */
export class SearchTree {
  readonly #cost: Float64Array;
  readonly #edge: Int32Array;
  readonly #stamp: Uint32Array;
  readonly #place: Int32Array;
  readonly #heap: Uint32Array;
  #heap_size = 0;
  #query = 0;

  constructor(node_count: number) {
    this.#cost = new Float64Array(node_count);
    this.#edge = new Int32Array(node_count);
    this.#stamp = new Uint32Array(node_count);
    this.#place = new Int32Array(node_count);
    this.#heap = new Uint32Array(node_count);
  }

  begin(): void {
    this.#heap_size = 0;
    this.#query++;
    if (this.#query <= MAX_STAMP) return;
    this.#stamp.fill(0);
    this.#query = 1;
  }

  /** Takes a way to a node if it is the cheapest so far. `edge` is how it came there, or -1 - n for the n-th start. */
  offer(node: number, cost_ms: number, edge: number): void {
    const known = atU32(this.#stamp, node) === this.#query;
    if (known && atF64(this.#cost, node) <= cost_ms) return;
    this.#cost[node] = cost_ms;
    this.#edge[node] = edge;
    if (!known) {
      this.#stamp[node] = this.#query;
      this.#place[node] = this.#heap_size;
      this.#heap[this.#heap_size++] = node;
    }
    this.#rise(atI32(this.#place, node));
  }

  /** The cost of the cheapest node that is not settled; Infinity when there is none. */
  get least_ms(): number {
    return this.#heap_size === 0 ? Infinity : atF64(this.#cost, atU32(this.#heap, 0));
  }

  /** Settles the cheapest node. Only while `least_ms` is finite. */
  settle(): number {
    const node = atU32(this.#heap, 0);
    const last = atU32(this.#heap, --this.#heap_size);
    if (this.#heap_size > 0) {
      this.#heap[0] = last;
      this.#place[last] = 0;
      this.#sink(0);
    }
    return node;
  }

  /** Cost of the best way found to a node so far; Infinity when none was. */
  costOf(node: number): number {
    return atU32(this.#stamp, node) === this.#query ? atF64(this.#cost, node) : Infinity;
  }

  edgeInto(node: number): number {
    return atI32(this.#edge, node);
  }

  #rise(from: number): void {
    let place = from;
    const node = atU32(this.#heap, place);
    const cost = atF64(this.#cost, node);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = atU32(this.#heap, parent);
      if (atF64(this.#cost, above) <= cost) break;
      this.#heap[place] = above;
      this.#place[above] = place;
      place = parent;
    }
    this.#heap[place] = node;
    this.#place[node] = place;
  }

  #sink(from: number): void {
    let place = from;
    const node = atU32(this.#heap, place);
    const cost = atF64(this.#cost, node);
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#heap_size) break;
      const right = child + 1;
      if (
        right < this.#heap_size &&
        atF64(this.#cost, atU32(this.#heap, right)) < atF64(this.#cost, atU32(this.#heap, child))
      ) {
        child = right;
      }
      const below = atU32(this.#heap, child);
      if (atF64(this.#cost, below) >= cost) break;
      this.#heap[place] = below;
      this.#place[below] = place;
      place = child;
    }
    this.#heap[place] = node;
    this.#place[node] = place;
  }
}
