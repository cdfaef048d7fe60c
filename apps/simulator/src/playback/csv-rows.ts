import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { NervelineError } from '@nerveline/kernel';
import { parse, type Parser } from 'csv-parse';
import { XzReadableStream } from 'xz-decompress';

/** No row of a sound file is as long: a quotation mark that is never closed must not take the rest of it into memory. */
const MOST_ROW_BYTES = 1_048_576;

/** One row of a file: its cells in the order of the columns that were asked for. */
export interface CsvRow {
  /** `FILE:LINE`, the line being the one that the row begins in. */
  readonly where: string;
  /** Undefined when the row hasn't as many cells as the header: which is which can't be said then. */
  readonly cells: readonly string[] | undefined;
}

/**
 * Reads a CSV file, also one that xz packed (`.xz`), in constant memory, some thousand rows at a time: a promise for each
 * of a million rows costs more than reading them. Empty lines are no rows.
 *
 * @throws NervelineError `NL-SIM-001` when the file can't be read or is damaged, `NL-SIM-002` when a column is missing
 */
export async function* csvRows(path: string, columns: readonly string[]): AsyncGenerator<readonly CsvRow[]> {
  // Rows as plain arrays, and lines counted here: the parser's own words about each row double its time.
  const parser = parse({ relax_quotes: true, relax_column_count: true, bom: true, max_record_size: MOST_ROW_BYTES });
  const table = new Table(path, columns);
  let failure: Error | undefined;
  parser.on('error', (error) => (failure = error));
  try {
    for await (const chunk of bytesOf(path) as AsyncIterable<Uint8Array>) {
      parser.write(chunk);
      if (failure !== undefined) throw failure;
      yield table.take(parser);
    }
    parser.end();
    if (failure !== undefined) throw failure;
    yield table.take(parser);
  } catch (cause) {
    if (cause instanceof NervelineError) throw cause;
    throw new NervelineError('NL-SIM-001', { detail: `${path} can't be read: ${(cause as Error).message}`, cause });
  }
}

/** Knows which cell belongs to which column, and which line comes next. */
class Table {
  #places: readonly number[] | undefined;
  #width = 0;
  #line = 1;

  constructor(
    private readonly path: string,
    private readonly columns: readonly string[],
  ) {}

  /** What the parser has ready. */
  take(parser: Parser): CsvRow[] {
    const rows: CsvRow[] = [];
    for (;;) {
      const cells = parser.read() as string[] | null;
      if (cells === null) return rows;
      const line = this.#line;
      this.#line += 1 + lineBreaksIn(cells);
      if (cells.length === 1 && cells[0] === '') continue;
      if (this.#places === undefined) this.#readHeader(cells);
      else rows.push({ where: `${this.path}:${line}`, cells: this.#chosen(cells, this.#places) });
    }
  }

  #readHeader(header: readonly string[]): void {
    const missing = this.columns.find((column) => !header.includes(column));
    if (missing !== undefined) {
      throw new NervelineError('NL-SIM-002', {
        field: missing,
        detail: `${this.path} has no column ${missing}; it has ${header.join(', ')}`,
      });
    }
    this.#places = this.columns.map((column) => header.indexOf(column));
    this.#width = header.length;
  }

  #chosen(cells: readonly string[], places: readonly number[]): readonly string[] | undefined {
    return cells.length === this.#width ? places.map((place) => cells[place] ?? '') : undefined;
  }
}

function lineBreaksIn(cells: readonly string[]): number {
  let found = 0;
  for (const cell of cells) if (cell.includes('\n')) found += cell.split('\n').length - 1;
  return found;
}

function bytesOf(path: string): Readable {
  const file = createReadStream(path);
  if (!path.endsWith('.xz')) return file;
  const packed = Readable.toWeb(file) as ReadableStream<Uint8Array>;
  return Readable.fromWeb(new XzReadableStream(packed) as Parameters<typeof Readable.fromWeb>[0]);
}
