import { decodeJson, encodeJson, principal, tenantKey, topics } from '@nerveline/contracts';
import type { OutRecord } from '@nerveline/kernel';
import type { LogRecord } from '@nerveline/log';
import { passedHeaders } from './passed-headers';

/**
 * Writes an audit entry for each intervention: a receipt, a return, an adjustment. It is made from the ledger row that
 * the act left behind, in one commit with the input position, so that there is one entry for each act and none for an
 * act that didn't happen. The life of a reservation isn't repeated there: the ledger itself says who held, sold and gave
 * back what, and is as append-only as the audit.
 */
export const auditInterventions = (records: readonly LogRecord[]): OutRecord[] => records.flatMap(toAudit);

function toAudit({ topic, value, headers }: LogRecord): OutRecord[] {
  if (value === null || topic !== topics.stockLedger.name) return [];
  const { after } = decodeJson(topics.stockLedger, value);
  if (after?.principal === undefined || after.principal === null) return [];
  const { tenant_id, sku, location_id, on_hand_after, reserved_after, event_ms } = after;
  const object = `sku ${sku} at ${location_id}`;
  const before = { on_hand: on_hand_after - after.on_hand_delta, reserved: reserved_after - after.reserved_delta };
  const entry = encodeJson(topics.inventoryAudit, {
    principal: principal.parse(JSON.parse(after.principal)),
    action: `stock.${after.kind}`,
    object,
    before,
    after: { on_hand: on_hand_after, reserved: reserved_after, entry: after.entry, reason: after.reason },
    event_ms,
  });
  return [
    {
      topic: topics.inventoryAudit.name,
      key: tenantKey(tenant_id, object),
      value: entry,
      timestamp_ms: event_ms,
      headers: passedHeaders(headers),
    },
  ];
}
