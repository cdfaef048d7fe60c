/** Nothing is known about time yet. */
export const NO_WATERMARK = Number.NEGATIVE_INFINITY;

/**
 * The input of one pass through the graph: a run of input records in their one order, and the watermark between each two
 * of them. A watermark w says: what comes from here on is not older than w, and what is, is late.
 *
 * Operators look the watermark up by a record's position instead of hearing of it in between, so lateness and the moment
 * in which a window closes are the same however the input is cut into steps.
 */
export class Step {
  size = 0;
  /** At `i` the watermark ahead of record i, at `i + 1` the one behind it. */
  #watermarks = new Float64Array(1_025).fill(NO_WATERMARK);

  /** The watermark ahead of the record at this position. */
  before(position: number): number {
    return this.#watermarks[position] as number;
  }

  /** The watermark behind the last record. */
  get end(): number {
    return this.#watermarks[this.size] as number;
  }

  /** Takes in one more input record, or the mere passing of time, behind which the watermark is this. */
  advance(watermark_ms: number): void {
    const next = this.size + 1;
    if (next === this.#watermarks.length) {
      const more = new Float64Array(this.#watermarks.length * 2);
      more.set(this.#watermarks);
      this.#watermarks = more;
    }
    this.#watermarks[next] = watermark_ms;
    this.size = next;
  }

  /** Begins the next step where this one ended. */
  clear(): void {
    this.#watermarks[0] = this.end;
    this.size = 0;
  }

  /** Starts anew at a watermark: a restore. */
  reset(watermark_ms: number): void {
    this.size = 0;
    this.#watermarks[0] = watermark_ms;
  }

  /** The position of the record that took the watermark to the threshold: that of what is due then. */
  crossing(threshold_ms: number): number {
    let low = 0;
    let high = Math.max(0, this.size - 1);
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#watermarks[middle + 1] as number) >= threshold_ms) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
