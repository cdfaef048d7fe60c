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
}

/**
 * The slot's confirmed position; the slot is made when there is none.
 *
 * @param may_create false when the log says that the slot was read from: a new one would hide a gap
 * @throws NervelineError `NL-CDC-007` in use, `NL-CDC-008` invalidated, `NL-CDC-010` gone, `NL-CDC-016` not ours
 */
export async function ensureSlot(
  walsender: SourceClient,
  slot: string,
  options: { database: string; may_create: boolean },
): Promise<Lsn> {
  const found = await findSlot(walsender, slot);
  if (found !== undefined) return checkSlot(found, slot, options.database);
  if (!options.may_create) {
    throw new NervelineError('NL-CDC-010', { detail: `slot ${slot} does not exist, but the log was filled from it` });
  }
  const [created] = await walsender.query(
    `CREATE_REPLICATION_SLOT ${escapeIdentifier(slot)} LOGICAL pgoutput NOEXPORT_SNAPSHOT`,
  );
  return parseLsn(created?.['consistent_point'] ?? '');
}

function checkSlot(found: TextRow, slot: string, database: string): Lsn {
  if (found['database'] !== database || found['plugin'] !== 'pgoutput') {
    throw new NervelineError('NL-CDC-016', {
      detail: `slot ${slot} is of database ${found['database']}, plugin ${found['plugin']}`,
    });
  }
  if (found['wal_status'] === 'lost' || found['invalidated'] !== null) {
    throw new NervelineError('NL-CDC-008', {
      detail: `slot ${slot} is invalidated (${found['invalidated'] ?? 'wal_removed'}): SELECT pg_drop_replication_slot(${escapeLiteral(slot)});`,
    });
  }
  if (found['active'] === 't') {
    throw new NervelineError('NL-CDC-007', {
      detail: `slot ${slot} is used by process ${found['active_pid']}: SELECT pg_terminate_backend(${found['active_pid']});`,
    });
  }
  return parseLsn(found['confirmed_flush_lsn'] ?? '');
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
    `SELECT active, confirmed_flush_lsn, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) AS retained
       FROM pg_replication_slots WHERE slot_name = ${escapeLiteral(slot)}`,
  );
  const retained = row?.['retained'];
  return {
    slot,
    active: row?.['active'] === 't',
    confirmed_lsn: row?.['confirmed_flush_lsn'] ?? null,
    retained_bytes: retained === null || retained === undefined ? null : Number(retained),
  };
}
