import { Client } from 'pg';

/** How far change capture is behind the source, and how much of its WAL that holds. */
export interface SlotLag {
  readonly slot: string;
  /** Does somebody read it now? */
  readonly active: boolean;
  /** Everything before is durable in the log; null before the first confirmation. */
  readonly confirmed_lsn: string | null;
  readonly wal_end: string;
  readonly lag_bytes: number;
  /** WAL that the source keeps for this slot; its disk fills when this grows. */
  readonly retained_bytes: number;
}

const SLOTS = `
  SELECT slot_name AS slot, active, confirmed_flush_lsn::text AS confirmed_lsn, wal_end::text,
    coalesce(pg_wal_lsn_diff(wal_end, confirmed_flush_lsn), 0)::float8 AS lag_bytes,
    coalesce(pg_wal_lsn_diff(wal_end, restart_lsn), 0)::float8 AS retained_bytes
  FROM pg_replication_slots,
    LATERAL (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS wal_end) AS here
  WHERE slot_type = 'logical' AND database = current_database()
  ORDER BY slot_name`;

/** The logical slots of the source database. */
export async function readSlots(database_url: string): Promise<readonly SlotLag[]> {
  const client = new Client({ connectionString: database_url });
  await client.connect();
  try {
    return (await client.query<SlotLag>(SLOTS)).rows;
  } finally {
    await client.end();
  }
}
