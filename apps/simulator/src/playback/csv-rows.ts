import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { NervelineError } from '@nerveline/kernel';
import { parse, type Parser } from 'csv-parse';
import { XzReadableStream } from 'xz-decompress';

export type CsvRow = Readonly<Record<string, string>>;

/**
 * Reads a CSV file, also one that xz packed (`.xz`), in constant memory, some thousand rows at a time: a promise for each
 * of a million rows costs more than reading them.
 *
 * @throws NervelineError `NL-SIM-001` when the file can't be read or is damaged, `NL-SIM-002` when a column is missing
 */
export async function* csvRows(path: string, columns: readonly string[]): AsyncGenerator<readonly CsvRow[]> {
  const parser = parse({
    columns: (header: string[]) => checked(path, header, columns),
    relax_quotes: true,
    bom: true,
  });
  let failure: Error | undefined;
  parser.on('error', (error) => (failure = error));
  try {
    for await (const chunk of bytesOf(path) as AsyncIterable<Uint8Array>) {
      parser.write(chunk);
      if (failure !== undefined) throw failure;
      yield rowsOf(parser);
    }
    parser.end();
    if (failure !== undefined) throw failure;
    yield rowsOf(parser);
  } catch (cause) {
    if (cause instanceof NervelineError) throw cause;
    throw new NervelineError('NL-SIM-001', { detail: `${path} can't be read: ${(cause as Error).message}`, cause });
  }
}

/** What the parser has ready. */
function rowsOf(parser: Parser): CsvRow[] {
  const rows: CsvRow[] = [];
  for (;;) {
    const row = parser.read() as CsvRow | null;
    if (row === null) return rows;
    rows.push(row);
  }
}

function bytesOf(path: string): Readable {
  const file = createReadStream(path);
  if (!path.endsWith('.xz')) return file;
  const packed = Readable.toWeb(file) as ReadableStream<Uint8Array>;
  return Readable.fromWeb(new XzReadableStream(packed) as Parameters<typeof Readable.fromWeb>[0]);
}

function checked(path: string, header: readonly string[], columns: readonly string[]): string[] {
  const missing = columns.find((column) => !header.includes(column));
  if (missing === undefined) return [...header];
  throw new NervelineError('NL-SIM-002', {
    field: missing,
    detail: `${path} has no column ${missing}; it has ${header.join(', ')}`,
  });
}
