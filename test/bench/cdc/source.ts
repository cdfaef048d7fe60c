import { topics, type SourceTable } from '@nerveline/contracts';
import type { TestDatabase } from '@nerveline/testing';

/** Rows of some 200 bytes, as an order line has them. */
const COLUMNS = `tenant_id text, id bigint, sku text, location_id text, kind text, on_hand int, reserved int, price numeric(12, 2),
  channel_id text, reason text, note text, happened_at timestamptz, PRIMARY KEY (tenant_id, id)`;

export const PUBLICATION = 'bench';

export const lines: SourceTable = {
  schema: 'public',
  table: 'lines',
  key: ['tenant_id', 'id'],
  order_by: ['tenant_id', 'id'],
  // The log takes topics of the catalogue only.
  topic: topics.stockLedger,
};

export async function createLines(database: TestDatabase): Promise<void> {
  await database.query(`CREATE TABLE lines (${COLUMNS}); CREATE PUBLICATION ${PUBLICATION} FOR TABLE lines`);
}

/** Inserts rows in transactions of `per_transaction`; the session doesn't wait for each, which isn't what is measured. */
export async function insertLines(
  database: TestDatabase,
  rows: { readonly from: number; readonly count: number; readonly per_transaction: number },
): Promise<void> {
  const { from, count, per_transaction } = rows;
  await database.query(`DO $$ BEGIN PERFORM set_config('synchronous_commit', 'off', false);
    FOR n_first IN ${from}..${from + count - 1} BY ${per_transaction} LOOP
      INSERT INTO lines SELECT 'demo', n, 'sku-' || n % 5000, 'loc-' || n % 9, 'receipt', n % 700, 3, n % 10000 / 100.0,
        'channel-1', NULL, repeat('n', 90), '2026-01-02 03:04:05.678901+00'::timestamptz
        FROM generate_series(n_first, n_first + ${per_transaction - 1}) n;
      COMMIT; END LOOP; END $$`);
}

export async function createSlot(database: TestDatabase, slot: string): Promise<void> {
  await database.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, [slot]);
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
