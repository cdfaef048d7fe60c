import { escapeIdentifier, escapeLiteral } from 'pg';
import { NervelineError, parseLsn, type Lsn } from '@nerveline/kernel';
import type { SourceClient, TextRow } from './source-client';

/** A replication slot as the operator sees it. */
export interface SlotState {
  readonly slot: string;
  readonly active: boolean;
  readonly confirmed_lsn: string | null;
  /** WAL that the server keeps because of this slot. */
  readonly retained_bytes: number | null;
  /** WAL that may still be written before the server invalidates the slot; null where it sets no limit. */
  readonly safe_bytes: number | null;
  /** `reserved`, `extended`, `unreserved`, `lost`. */
  readonly wal_status: string | null;
}

/** What to do about a slot that can't be read from as it is. */
export interface SlotPolicies {
  /** Read by another process: try again, end its connection, or end ourselves. */
  readonly taken_slot: 'wait' | 'take_over' | 'stop';
  /** Gone or invalidated: end, or make a new one and read all tables anew. */
  readonly lost_slot: 'stop' | 'resnapshot';
}

export interface EnsuredSlot {
  readonly confirmed_lsn: Lsn;
  /** It is a new one in the place of one that was lost: what changed in between isn't in it. */
  readonly replaced: boolean;
}

/**
 * The slot, ready to be read from; it is made when there is none.
 *
 * @param was_read the log says that the slot was read from: a new one in silence would hide a gap
 * @throws NervelineError `NL-CDC-007` or `NL-CDC-024` in use, `NL-CDC-008` invalidated, `NL-CDC-010` gone, `NL-CDC-016`
 *   not ours
 */
export async function ensureSlot(
  walsender: SourceClient,
  slot: string,
  options: SlotPolicies & { readonly database: string; readonly was_read: boolean },
): Promise<EnsuredSlot> {
  const found = await findSlot(walsender, slot);
  if (found === undefined) {
    if (options.was_read && options.lost_slot === 'stop') {
      throw new NervelineError('NL-CDC-010', { detail: `slot ${slot} does not exist, but the log was filled from it` });
    }
    return { confirmed_lsn: await createSlot(walsender, slot), replaced: options.was_read };
  }
  checkOwner(found, slot, options.database);
  if (found['wal_status'] === 'lost' || found['invalidated'] !== null) {
    if (options.lost_slot === 'stop') throw invalidated(found, slot);
    await dropSlot(walsender, slot);
    return { confirmed_lsn: await createSlot(walsender, slot), replaced: true };
  }
  if (found['active'] === 't') await takeOver(walsender, found, { slot, policy: options.taken_slot });
  return { confirmed_lsn: parseLsn(found['confirmed_flush_lsn'] ?? ''), replaced: false };
}

async function createSlot(walsender: SourceClient, slot: string): Promise<Lsn> {
  const [created] = await walsender.query(
    `CREATE_REPLICATION_SLOT ${escapeIdentifier(slot)} LOGICAL pgoutput NOEXPORT_SNAPSHOT`,
  );
  return parseLsn(created?.['consistent_point'] ?? '');
}

/** Drops the slot, who ever reads from it: its WAL is free at once. Nothing when there is none. */
export async function dropSlot(client: SourceClient, slot: string): Promise<void> {
  const name = escapeLiteral(slot);
  // The connection that was ended takes a moment to let go.
  await client.query(
    `DO $$ BEGIN FOR i IN 1..${DROP_ATTEMPTS} LOOP BEGIN
       PERFORM pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = ${name} AND active;
       PERFORM pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = ${name};
       EXIT; EXCEPTION WHEN object_in_use THEN PERFORM pg_sleep(0.05); END; END LOOP; END $$`,
  );
}

const DROP_ATTEMPTS = 100;

function checkOwner(found: TextRow, slot: string, database: string): void {
  if (found['database'] === database && found['plugin'] === 'pgoutput') return;
  throw new NervelineError('NL-CDC-016', {
    detail: `slot ${slot} is of database ${found['database']}, plugin ${found['plugin']}`,
  });
}

function invalidated(found: TextRow, slot: string): NervelineError {
  const reason = found['invalidated'] ?? 'wal_removed';
  const mend =
    reason === 'idle_timeout'
      ? `ALTER SYSTEM SET idle_replication_slot_timeout = 0`
      : `ALTER SYSTEM SET max_slot_wal_keep_size = -1`;
  return new NervelineError('NL-CDC-008', {
    detail: `slot ${slot} is invalidated (${reason}): SELECT pg_drop_replication_slot(${escapeLiteral(slot)}); ${mend};`,
  });
}

/** @throws NervelineError `NL-CDC-007` at first, `NL-CDC-024` */
async function takeOver(
  client: SourceClient,
  found: TextRow,
  { slot, policy }: { slot: string; policy: SlotPolicies['taken_slot'] },
): Promise<void> {
  const pid = found['active_pid'];
  // Its own attempt to come back finds the slot taken by us: two that take over would take turns for ever.
  if (policy === 'take_over') await client.query(`SELECT pg_terminate_backend(${pid})`);
  throw new NervelineError(policy === 'stop' ? 'NL-CDC-024' : 'NL-CDC-007', {
    detail: `slot ${slot} is used by process ${pid}: SELECT pg_terminate_backend(${pid});`,
  });
}

/** Columns that only newer servers have are read through JSON: null where there is none. */
async function findSlot(client: SourceClient, slot: string): Promise<TextRow | undefined> {
  const [row] = await client.query(
    `SELECT database, plugin, active, active_pid, wal_status, confirmed_flush_lsn,
            coalesce(to_jsonb(s) ->> 'invalidation_reason',
                     CASE WHEN (to_jsonb(s) ->> 'conflicting')::boolean THEN 'conflicting' END) AS invalidated
       FROM pg_replication_slots s WHERE slot_name = ${escapeLiteral(slot)}`,
  );
  return row;
}

/** State and retained WAL of the slot; all unknown when it doesn't exist. */
export async function readSlotState(client: SourceClient, slot: string): Promise<SlotState> {
  const [row] = await client.query(
    `SELECT active, confirmed_flush_lsn, wal_status, safe_wal_size,
            pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) AS retained
       FROM pg_replication_slots WHERE slot_name = ${escapeLiteral(slot)}`,
  );
  const bytes = (name: string) => {
    const text = row?.[name];
    return text === null || text === undefined ? null : Number(text);
  };
  return {
    slot,
    active: row?.['active'] === 't',
    confirmed_lsn: row?.['confirmed_flush_lsn'] ?? null,
    retained_bytes: bytes('retained'),
    safe_bytes: bytes('safe_wal_size'),
    wal_status: row?.['wal_status'] ?? null,
  };
}
