import { encodeJson, recordHeaders, tenantKey, topics, type TenantId } from '@nerveline/contracts';
import type { OutRecord } from '@nerveline/kernel';
import type { Log } from '@nerveline/log';
import type { DecidedCommand } from './decide-batch';

/**
 * Tells the log of reservations that were refused. A refusal changes nothing, so it isn't in the ledger; its answer is
 * kept in PostgreSQL, and this is the copy for people who watch. The buyer's answer doesn't wait for it.
 */
export class RecordRefusals {
  constructor(
    private readonly log: Log,
    private readonly onError: (error: unknown) => void,
  ) {}

  record(decided: readonly DecidedCommand[]): void {
    const records = decided.flatMap(toRecord);
    if (records.length > 0) this.log.append(records).catch(this.onError);
  }
}

function toRecord({ command, outcome, is_new }: DecidedCommand): OutRecord[] {
  if (!is_new || command.kind !== 'reserve') return [];
  if (outcome.kind !== 'reservation' || outcome.answer.kind !== 'refused') return [];
  const { channel_id, holder, lines, event_ms } = command.event;
  const { tenant_id, subject } = command.by;
  const value = encodeJson(topics.refusals, {
    tenant_id: tenant_id as TenantId,
    channel_id,
    holder,
    lines: [...lines],
    refused: outcome.answer.lines,
    event_ms,
  });
  return [
    {
      topic: topics.refusals.name,
      key: tenantKey(tenant_id, channel_id),
      value,
      timestamp_ms: event_ms,
      headers: { [recordHeaders.subject]: subject },
    },
  ];
}
