import type { Effects, LogRecord, StateReader } from '@nerveline/log';
import { auditInterventions } from './audit-interventions';
import type { DeliverToChannels } from './deliver-to-channels';
import { viewChannels, viewTopics } from './view-channels';

/** The topics that {@link followLedger} takes. */
export const ledgerTopics = viewTopics;

/**
 * What the ledger brings about behind PostgreSQL: the channels' views and the audit, in one commit with the input
 * position; and the channels are told. They are told without a wait for that commit: what the ledger says was committed
 * in PostgreSQL and can't become untrue, the same record gives the same version after a crash, and a channel keeps the
 * newest.
 */
export function followLedger(
  durable: StateReader,
  deliveries: DeliverToChannels,
  records: readonly LogRecord[],
): Effects {
  const { appends, state, due, endpoints } = viewChannels(durable, records);
  for (const [key, endpoint_url] of endpoints) deliveries.direct(key, endpoint_url);
  deliveries.offer(due);
  return { appends: [...appends, ...auditInterventions(records)], state };
}
