import type { SourceTable } from '@nerveline/contracts';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { NervelineError } from '@nerveline/kernel';
import type { SourceClient } from './source-client';
import { toSourceError } from './source-errors';

const OPERATIONS = ['insert', 'update', 'delete', 'truncate'] as const;

/**
 * Makes the publication, without tables, when there is none. It must exist before the slot: decoding looks it up.
 *
 * @throws NervelineError `NL-CDC-012`, `NL-CDC-025` when it leaves out operations
 */
export async function ensurePublication(client: SourceClient, publication: string): Promise<void> {
  const [found] = await client.query(
    `SELECT pubinsert AS insert, pubupdate AS update, pubdelete AS delete, pubtruncate AS truncate
       FROM pg_publication WHERE pubname = ${escapeLiteral(publication)}`,
  );
  const name = escapeIdentifier(publication);
  if (found === undefined) return change(client, `CREATE PUBLICATION ${name}`);
  const missing = OPERATIONS.filter((operation) => found[operation] !== 't');
  if (missing.length === 0) return;
  const mend = `ALTER PUBLICATION ${name} SET (publish = '${OPERATIONS.join(', ')}');`;
  throw new NervelineError('NL-CDC-025', {
    detail: `publication ${publication} leaves out ${missing.join(', ')}: ${mend}`,
  });
}

/** Adds tables that exist and whose replica identity was checked. */
export async function publishTables(
  client: SourceClient,
  publication: string,
  tables: readonly SourceTable[],
): Promise<void> {
  if (tables.length === 0) return;
  const names = tables.map(({ schema, table }) => `${escapeIdentifier(schema)}.${escapeIdentifier(table)}`);
  await change(client, `ALTER PUBLICATION ${escapeIdentifier(publication)} ADD TABLE ${names.join(', ')}`);
}

/** @throws NervelineError `NL-CDC-012` with the statement that the role may not run */
async function change(client: SourceClient, statement: string): Promise<void> {
  try {
    await client.query(statement);
  } catch (cause) {
    const error = toSourceError(cause, 'changing the publication');
    if (error.code !== 'NL-CDC-020') throw error;
    throw new NervelineError('NL-CDC-012', { detail: `${error.detail}; to run by the owner: ${statement};`, cause });
  }
}
