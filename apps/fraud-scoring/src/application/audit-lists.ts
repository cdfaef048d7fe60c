import {
  encodeJson,
  recordHeaders,
  splitTenantKey,
  tenantId,
  tenantKey,
  topics,
  type AuditEntry,
} from '@nerveline/contracts';
import type { OutRecord, RecordHeaders } from '@nerveline/kernel';
import type { ListRow, Told } from './list-change';

/** Who changes a table and leaves no name in the row is known to its database alone; `source_position` leads there. */
const SOURCE = 'source tables';

const PASSED_ON = [recordHeaders.source_position, recordHeaders.committed_ms, recordHeaders.traceparent];

const verbs = { c: 'insert', u: 'update', d: 'delete', t: 'truncate', r: 'snapshot', m: 'message' } as const;

/** What happened to a row of a list. */
export interface RowAct {
  readonly list: ListRow['list'];
  readonly key: string;
  /** What decisions saw until now. */
  readonly known: ListRow | undefined;
  /** What they see from now on. */
  readonly row: ListRow | undefined;
  /** Absent where a tombstone, or nothing at all, tells that the row is gone. */
  readonly told?: Pick<Told, 'op'> & Partial<Told>;
  readonly headers: RecordHeaders;
  readonly event_ms: number;
}

/**
 * The audit of what happened to a row, made of the change record itself: it belongs into the commit that takes the change
 * over. None where nothing changed: a snapshot reads rows that nobody touched (some other than they were known are told),
 * a tombstone follows a delete that was told.
 */
export function auditRow({ list, key, known, row, told, headers, event_ms }: RowAct): OutRecord[] {
  if (row === undefined && known === undefined) return [];
  if (told?.op === 'r' && (known === undefined || isSame(known, row))) return [];
  const [tenant = '', ...parts] = splitTenantKey(key);
  const principal = { tenant_id: tenantId.parse(tenant), subject: authorOf(told), roles: [], scopes: [] };
  const entry: AuditEntry = {
    principal,
    action: `${list}.${verbs[told?.op ?? 'd']}`,
    object: `${list} ${parts.join(' ')}`,
    before: known === undefined && !told?.before ? null : { ...seenOf(known), ...told?.before },
    after: row === undefined ? null : (told?.after ?? null),
    event_ms,
  };
  return [
    {
      topic: topics.fraudAudit.name,
      key: tenantKey(tenant, entry.object),
      value: encodeJson(topics.fraudAudit, entry),
      headers: passedHeaders(headers),
      timestamp_ms: event_ms,
    },
  ];
}

/** The author that the row names is the one of its last insert or update: of a delete it says nothing. */
function authorOf(told: RowAct['told']): string {
  if (told?.op !== 'c' && told?.op !== 'u') return SOURCE;
  const author: unknown = told.after && 'added_by' in told.after ? told.after.added_by : undefined;
  return typeof author === 'string' && author !== '' ? author : SOURCE;
}

/** The source tells of an old row its key at most, unless the table's replica identity is FULL. */
function seenOf(known: ListRow | undefined): object {
  if (known === undefined) return {};
  return known.list === 'block_list' ? { reason: known.reason } : known.profile;
}

const isSame = (known: ListRow, row: ListRow | undefined): boolean => JSON.stringify(known) === JSON.stringify(row);

function passedHeaders(headers: RecordHeaders): RecordHeaders {
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
