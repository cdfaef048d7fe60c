import { encodeJson, recordHeaders, tenantKey, topics } from '@nerveline/contracts';
import { NervelineError, type OutRecord } from '@nerveline/kernel';
import type { Arrived, RefusalChange } from './arrived';
import { passedHeaders } from './passed-headers';

/**
 * Tells of each reservation that was refused. A refusal changes nothing, so it isn't in the ledger: its row was written
 * with the answer that the buyer got, came here through the log, and is told in one commit with the input position, so
 * that whatever ends the process costs none of them and doubles none.
 *
 * @throws NervelineError `NL-LOG-011` for a row whose lines nobody can read
 */
export const tellRefusals = (records: readonly Arrived<RefusalChange>[]): OutRecord[] => records.flatMap(toRecord);

function toRecord({ value, headers }: Arrived<RefusalChange>): OutRecord[] {
  // What is forgotten with its idempotency key, and the tombstone behind that, tell of no refusal.
  const row = value?.after;
  if (row === undefined || row === null) return [];
  const { tenant_id, channel_id, holder, subject, event_ms } = row;
  const told = { tenant_id, channel_id, holder, lines: jsonOf(row.lines), refused: jsonOf(row.refused), event_ms };
  const refusal = topics.refusals.schema.safeParse(told);
  if (!refusal.success) {
    const [issue] = refusal.error.issues;
    const detail = `${topics.reservationRefusals.name}: ${issue?.message ?? 'does not fit its schema'}`;
    throw new NervelineError('NL-LOG-011', { detail, field: `after.${issue?.path.join('.') ?? ''}` });
  }
  return [
    {
      topic: topics.refusals.name,
      key: tenantKey(tenant_id, channel_id),
      value: encodeJson(topics.refusals, refusal.data),
      timestamp_ms: event_ms,
      headers: { ...passedHeaders(headers), [recordHeaders.subject]: subject },
    },
  ];
}

/** Lines stand in the row as JSON in a text. */
function jsonOf(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
