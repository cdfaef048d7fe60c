import { stopOwnPostgres } from '@nerveline/testing';
import { measureCatchUp } from './cdc/catch-up';
import { measureDecoder } from './cdc/decoder';
import { measureSnapshot } from './cdc/snapshot';
import { measureSteady } from './cdc/steady';

const TRANSACTIONS_OF_1000 = { rows: 500_000, per_transaction: 1_000 };
const SINGLE_ROWS = { rows: 200_000, per_transaction: 1 };
const SNAPSHOT_ROWS = 1_000_000;
const STEADY = { rows_per_s: 5_000, seconds: 10 };

/**
 * Change capture: decoder and encoder alone over a recorded WAL stream, per CPU-second; then a backlog from PostgreSQL to
 * the embedded log, in turns with pg_recvlogical over the same WAL; a table that was there before; and how long a change
 * takes at a steady rate.
 */
export async function run(): Promise<Record<string, unknown>> {
  try {
    const decoder = await measureDecoder();
    const bulk = await measureCatchUp(TRANSACTIONS_OF_1000);
    const single = await measureCatchUp(SINGLE_ROWS);
    const snapshot = await measureSnapshot(SNAPSHOT_ROWS);
    const steady = await measureSteady(STEADY);
    return {
      ...decoder,
      recvlogical_rows_per_s: bulk.recvlogical_rows_per_s,
      embedded_catchup_rows_per_s: bulk.relay_rows_per_s,
      embedded_catchup_ratio: bulk.ratio,
      recvlogical_single_tx_per_s: single.recvlogical_rows_per_s,
      embedded_single_tx_per_s: single.relay_rows_per_s,
      embedded_single_tx_ratio: single.ratio,
      embedded_cpu_s_per_million: bulk.cpu_s_per_million,
      embedded_rss_mb: bulk.rss_mb,
      ...snapshot,
      ...steady,
    };
  } finally {
    await stopOwnPostgres();
  }
}
