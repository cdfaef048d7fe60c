import { NervelineError } from '@nerveline/kernel';
import { unchanged, type ColumnValue, type Tuple } from './messages';

/** How a column stands in a tuple: the letters of the protocol. */
export const ColumnKind = { null: 0x6e, unchanged: 0x75, text: 0x74 } as const;

const INITIAL_COLUMNS = 64;

/**
 * The columns of one row as they lie in a message: where each begins and ends. Nothing is decoded until it is asked for,
 * and one view serves all rows: a string for each column of each row was most of what capture cost.
 */
export class TupleView {
  bytes: Buffer = Buffer.alloc(0);
  count = 0;
  /** One of {@link ColumnKind} for each column. */
  kinds = new Uint8Array(INITIAL_COLUMNS);
  starts = new Int32Array(INITIAL_COLUMNS);
  ends = new Int32Array(INITIAL_COLUMNS);

  /**
   * Takes up the tuple that begins at `at`, in a message that ends at `size`, and gives the place behind it.
   *
   * @throws NervelineError `NL-CDC-013`
   */
  read(bytes: Buffer, at: number, size: number): number {
    if (at + 2 > size) throw truncated();
    const count = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    this.begin(bytes, count);
    const { kinds, starts, ends } = this;
    let next = at + 2;
    for (let i = 0; i < count; i++) {
      const kind = next < size ? bytes[next++] : undefined;
      if (kind === ColumnKind.text) {
        if (next + 4 > size) throw truncated();
        const length =
          ((bytes[next] ?? 0) << 24) |
          ((bytes[next + 1] ?? 0) << 16) |
          ((bytes[next + 2] ?? 0) << 8) |
          (bytes[next + 3] ?? 0);
        starts[i] = next += 4;
        next += length;
        if (length < 0 || next > size) throw truncated();
        ends[i] = next;
      } else if (kind === undefined) {
        throw truncated();
      } else if (kind !== ColumnKind.null && kind !== ColumnKind.unchanged) {
        throw malformed(`unknown column kind '${String.fromCharCode(kind)}'`);
      }
      kinds[i] = kind;
    }
    return next;
  }

  /** A row that came as values: from a snapshot. */
  static of(row: Tuple): TupleView {
    const texts = row.filter((value) => typeof value === 'string');
    const view = new TupleView();
    view.begin(Buffer.from(texts.join(''), 'utf8'), row.length);
    let at = 0;
    row.forEach((value, i) => {
      view.kinds[i] = value === null ? ColumnKind.null : value === unchanged ? ColumnKind.unchanged : ColumnKind.text;
      view.starts[i] = at;
      if (typeof value === 'string') at += Buffer.byteLength(value, 'utf8');
      view.ends[i] = at;
    });
    return view;
  }

  isUnchanged(column: number): boolean {
    return this.kinds[column] === ColumnKind.unchanged;
  }

  /** The text of a column; undefined when it has none: null, or left alone. */
  text(column: number): string | undefined {
    if (column >= this.count || this.kinds[column] !== ColumnKind.text) return undefined;
    return this.bytes.toString('utf8', this.starts[column], this.ends[column]);
  }

  /** Decodes all of it; for tests and rare messages. */
  toTuple(): Tuple {
    return Array.from({ length: this.count }, (_, i): ColumnValue => {
      if (this.kinds[i] === ColumnKind.null) return null;
      return this.text(i) ?? unchanged;
    });
  }

  private begin(bytes: Buffer, count: number): void {
    this.bytes = bytes;
    this.count = count;
    if (count <= this.kinds.length) return;
    this.kinds = new Uint8Array(count);
    this.starts = new Int32Array(count);
    this.ends = new Int32Array(count);
  }
}

const malformed = (detail: string) => new NervelineError('NL-CDC-013', { detail });
const truncated = () => malformed('a message ends in the middle of a field');
