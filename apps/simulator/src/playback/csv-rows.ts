import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { NervelineError } from '@nerveline/kernel';
import { parse } from 'csv-parse';
import { XzReadableStream } from 'xz-decompress';

export type CsvRow = Readonly<Record<string, string>>;

/**
 * Reads a CSV file row by row, also one that xz packed (`.xz`), in constant memory.
 *
 * @throws NervelineError `NL-SIM-001` when the file can't be read or is damaged, `NL-SIM-002` when a column is missing
 */
export async function* csvRows(path: string, columns: readonly string[]): AsyncGenerator<CsvRow> {
  const parser = parse({
    columns: (header: string[]) => checked(path, header, columns),
    relax_quotes: true,
    bom: true,
  });
  // Its error reaches the loop below, since it destroys the parser.
  pipeline(bytesOf(path), parser).catch(() => undefined);
  try {
    yield* parser as AsyncIterable<CsvRow>;
  } catch (cause) {
    if (cause instanceof NervelineError) throw cause;
    throw new NervelineError('NL-SIM-001', { detail: `${path} can't be read: ${(cause as Error).message}`, cause });
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
