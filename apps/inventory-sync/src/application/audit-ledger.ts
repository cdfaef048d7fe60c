import { encodeJson, principal, tenantKey, topics, type StockLedgerRow } from '@nerveline/contracts';
import { NervelineError, type OutRecord } from '@nerveline/kernel';
import type { Arrived, EntryChange } from './arrived';
import { passedHeaders } from './passed-headers';

/**
 * Writes an audit entry for each act that changed stock: receipts, returns and adjustments, and the life of every
 * reservation, line by line. It is made from the ledger row that the act left behind, in one commit with the input
 * position, so that there is one entry for each row, in the order of its SKU's ledger, and none for an act that didn't
 * happen.
 *
 * @throws NervelineError `NL-LOG-011` for a row whose principal nobody can read
 */
export const auditLedger = (entries: readonly Arrived<EntryChange>[]): OutRecord[] => entries.flatMap(toAudit);

function toAudit({ value, headers }: Arrived<EntryChange>): OutRecord[] {
  const row = value?.after;
  if (row === undefined || row === null) return [];
  const { tenant_id, sku, location_id, entry, on_hand_after, reserved_after, event_ms } = row;
  const object = `sku ${sku} at ${location_id}`;
  const { reason, reservation_id, channel_id } = row;
  const audited = encodeJson(topics.inventoryAudit, {
    principal: principalOf(row),
    action: `stock.${row.kind}`,
    object,
    before: { on_hand: on_hand_after - row.on_hand_delta, reserved: reserved_after - row.reserved_delta },
    after: { on_hand: on_hand_after, reserved: reserved_after, entry, reason, reservation_id, channel_id },
    event_ms,
  });
  return [
    {
      topic: topics.inventoryAudit.name,
      key: tenantKey(tenant_id, object),
      value: audited,
      timestamp_ms: event_ms,
      headers: passedHeaders(headers),
    },
  ];
}

/** Rows about reservations had the subject alone until 2026-11-22: what else was known of it then isn't made up now. */
function principalOf({ tenant_id, subject, principal: whole }: StockLedgerRow) {
  const known = whole === undefined || whole === null ? { tenant_id, subject, roles: [], scopes: [] } : parse(whole);
  const parsed = principal.safeParse(known);
  if (parsed.success) return parsed.data;
  const detail = `${topics.stockLedger.name}: the principal is none: ${parsed.error.issues[0]?.message ?? ''}`;
  throw new NervelineError('NL-LOG-011', { detail, field: 'after.principal' });
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
