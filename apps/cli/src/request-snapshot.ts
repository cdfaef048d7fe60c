import { SNAPSHOT_REQUEST_PREFIX, snapshotRequest, sourceTables } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';
import { Client } from 'pg';

/** @throws NervelineError `NL-API-012` for a table that the contracts don't declare */
export function requireSourceTables(tables: readonly string[]): void {
  const known = sourceTables.map(({ schema, table }) => `${schema}.${table}`);
  const unknown = tables.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new NervelineError('NL-API-012', { field: 'tables', detail: `${unknown} is none of ${known.join(', ')}` });
}

/** Puts the request into the source's own log, in the order of its changes; gives its position. */
export async function requestSnapshot(database_url: string, tables: readonly string[]): Promise<string> {
  const content = JSON.stringify(snapshotRequest.parse({ tables }));
  const client = new Client({ connectionString: database_url });
  await client.connect();
  try {
    const { rows } = await client.query<{ lsn: string }>(
      'SELECT pg_logical_emit_message(true, $1, $2::text)::text AS lsn',
      [SNAPSHOT_REQUEST_PREFIX, content],
    );
    return rows[0]?.lsn ?? '';
  } finally {
    await client.end();
  }
}
