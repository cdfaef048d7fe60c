import { stopOwnPostgres } from '@nerveline/testing';
import { measureCatchUp } from './cdc/catch-up';
import { measureDecoder } from './cdc/decoder';

const TRANSACTIONS_OF_1000 = { rows: 500_000, per_transaction: 1_000 };
const SINGLE_ROWS = { rows: 200_000, per_transaction: 1 };

/**
 * Change capture: decoder and encoder alone over a recorded WAL stream, per CPU-second; then a backlog from PostgreSQL to
 * the embedded log, in turns with pg_recvlogical over the same WAL.
 */
export async function run(): Promise<Record<string, unknown>> {
  try {
    const decoder = await measureDecoder();
    const bulk = await measureCatchUp(TRANSACTIONS_OF_1000);
    const single = await measureCatchUp(SINGLE_ROWS);
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
    };
  } finally {
    await stopOwnPostgres();
  }
}
