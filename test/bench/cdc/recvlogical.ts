import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { PUBLICATION } from './source';

/** PostgreSQL's own receiver, where the machine has it. */
export function findRecvlogical(): string | undefined {
  const path = (process.env['PATH'] ?? '').split(delimiter);
  const debian = [18, 17, 16, 15, 14].map((version) => `/usr/lib/postgresql/${version}/bin`);
  return [...path, ...debian].map((directory) => join(directory, 'pg_recvlogical')).find((file) => existsSync(file));
}

/** Seconds in which it writes everything below `end_lsn` to a file. */
export async function receive(
  program: string,
  from: { readonly url: string; readonly slot: string; readonly end_lsn: string; readonly file: string },
): Promise<number> {
  const { url, slot, end_lsn, file } = from;
  const begun_ms = performance.now();
  const child = spawn(
    program,
    [
      ...['--dbname', url, '--slot', slot, '--start', '--no-loop', '--endpos', end_lsn, '--file', file],
      ...['--option', 'proto_version=1', '--option', `publication_names=${PUBLICATION}`],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`pg_recvlogical ended with ${code}`);
  return (performance.now() - begun_ms) / 1_000;
}
