import type { SourceTable, TableShape } from '@nerveline/contracts';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { NervelineError } from '@nerveline/kernel';
import { decodeReplicaIdentity } from '../pgoutput/decode-message';
import type { Column, Relation } from '../pgoutput/messages';
import { shapeOf } from '../schema/known-shapes';
import type { SourceClient, TextRow } from './source-client';

/** A source table as the server has it now. */
export interface CatalogTable {
  readonly source: SourceTable;
  readonly name: string;
  /** With domains resolved to what they are made of. */
  readonly relation: Relation;
  readonly shape: TableShape;
  readonly published: boolean;
  /** Condition of the publication (`WHERE`), when it has one. */
  readonly row_filter: string | undefined;
}

export const tableName = ({ schema, table }: SourceTable): string => `${schema}.${table}`;

/**
 * Looks the tables up. One that doesn't exist is left out; the caller waits for it.
 *
 * @throws NervelineError `NL-CDC-006`, `NL-CDC-019` for one that can't be published as it is
 */
export async function readCatalog(
  client: SourceClient,
  publication: string,
  tables: readonly SourceTable[],
): Promise<CatalogTable[]> {
  if (tables.length === 0) return [];
  const names = tables.map(({ schema, table }) => `(${escapeLiteral(schema)}, ${escapeLiteral(table)})`).join(', ');
  const rows = await client.query(
    // Columns of the identity: all with FULL, else those of the index. A column list or row filter of the publication
    // (PostgreSQL 15 on) is read through JSON, so that 14 answers too.
    // A domain is what it is made of, of which the stream doesn't tell the modifier.
    `SELECT n.nspname, c.relname, c.oid, c.relreplident, a.attname, a.atttypmod, a.atttypid AS declared_typid,
            (WITH RECURSIVE base AS (
               SELECT t.oid, t.typbasetype FROM pg_type t WHERE t.oid = a.atttypid
               UNION ALL SELECT t.oid, t.typbasetype FROM base JOIN pg_type t ON t.oid = base.typbasetype
             ) SELECT oid FROM base WHERE typbasetype = 0) AS atttypid,
            c.relreplident = 'f' OR coalesce(a.attnum = ANY (i.indkey), false) AS is_identity,
            p.tablename IS NOT NULL AS published, to_jsonb(p) ->> 'rowfilter' AS row_filter
       FROM pg_class c
       JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
       LEFT JOIN pg_index i ON i.indrelid = c.oid
        AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END
       LEFT JOIN pg_publication_tables p
         ON p.pubname = ${escapeLiteral(publication)} AND p.schemaname = n.nspname AND p.tablename = c.relname
      WHERE (n.nspname, c.relname) IN (${names}) AND c.relkind = 'r'
        AND coalesce(to_jsonb(p) -> 'attnames' ? a.attname::text, true)
      ORDER BY c.oid, a.attnum`,
  );
  return tables.flatMap((source) => {
    const own = rows.filter((row) => row['nspname'] === source.schema && row['relname'] === source.table);
    return own[0] === undefined ? [] : [checked(describe(source, own[0], own))];
  });
}

function describe(source: SourceTable, first: TextRow, rows: readonly TextRow[]): CatalogTable {
  const columns = rows.map((row): Column => ({
    name: row['attname'] ?? '',
    is_identity: row['is_identity'] === 't',
    type_oid: Number(row['atttypid']),
    type_modifier: Number(row['atttypmod']),
  }));
  const relation: Relation = {
    relation_oid: Number(first['oid']),
    schema: source.schema,
    table: source.table,
    replica_identity: decodeReplicaIdentity(first['relreplident'] ?? ''),
    columns,
  };
  const declared = columns.map((column, i) => ({ ...column, type_oid: Number(rows[i]?.['declared_typid']) }));
  return {
    source,
    name: tableName(source),
    published: first['published'] === 't',
    row_filter: first['row_filter'] ?? undefined,
    relation,
    shape: shapeOf({ ...relation, columns: declared }),
  };
}

function checked(table: CatalogTable): CatalogTable {
  const { source, name, relation } = table;
  for (const key_column of source.key) {
    const column = relation.columns.find(({ name }) => name === key_column);
    if (column === undefined) throw new NervelineError('NL-CDC-019', { detail: `${name} has no column ${key_column}` });
    if (column.is_identity) continue;
    const key = source.key.map((column) => escapeIdentifier(column)).join(', ');
    throw new NervelineError('NL-CDC-006', {
      detail:
        `the replica identity of ${name} lacks ${key_column}: ALTER TABLE ${qualified(source)} ADD PRIMARY KEY (${key}); ` +
        `or ALTER TABLE ${qualified(source)} REPLICA IDENTITY FULL;`,
    });
  }
  return table;
}

export const qualified = ({ schema, table }: SourceTable): string =>
  `${escapeIdentifier(schema)}.${escapeIdentifier(table)}`;
