function finish(word: number): number {
  let h = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0').toUpperCase();

/** What a run's rows come to, in whatever order they come: docs/nexmark.md. */
export class Checksum {
  count = 0;
  #sum = 0;
  #xor = 0;
  #row = 0x9747b28c | 0;

  number(value: number): this {
    this.#take(value | 0);
    this.#take(Math.floor(value / 2 ** 32));
    return this;
  }

  text(value: string): this {
    const n = value.length;
    this.#take(n);
    if (n === 0) return this;
    const quarter = value.charCodeAt(n >> 2) << 8;
    const half = value.charCodeAt(n >> 1) << 16;
    this.#take(value.charCodeAt(0) | quarter | half | (value.charCodeAt(n - 1) << 24));
    return this;
  }

  /** The row is whole. */
  row(): void {
    const r = finish(this.#row);
    this.#sum = (this.#sum + r) | 0;
    this.#xor ^= finish((r + 0x9e3779b9) | 0);
    this.#row = 0x9747b28c | 0;
    this.count += 1;
  }

  toString(): string {
    return `${this.count}-${hex(this.#sum)}${hex(this.#xor)}`;
  }

  #take(word: number): void {
    const h = Math.imul(this.#row ^ word, 0x85ebca6b);
    this.#row = h ^ (h >>> 13);
  }
}
