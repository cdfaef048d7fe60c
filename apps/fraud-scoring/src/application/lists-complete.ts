import { decodeJson, sourceTables, topics } from '@nerveline/contracts';
import { isNervelineError, offset, type Offset } from '@nerveline/kernel';
import type { Log } from '@nerveline/log';
import { FollowLists } from './follow-lists';

const TOPIC = topics.relayProgress.name;
/** Records at the end of the relay's progress that are looked at: more than there are slots. */
const LAST_RECORDS = 256;

/** `SCHEMA.TABLE` of each topic that we follow. */
const TABLES = sourceTables
  .filter(({ topic }) => FollowLists.topics.includes(topic.name))
  .map(({ schema, table }) => `${schema}.${table}`);

/**
 * Resolves when the relay has read our tables once as a whole. Until then what is missing in the log may well stand in
 * the table, and an empty block list would let everybody pass.
 */
export async function listsComplete(log: Log, signal: AbortSignal): Promise<void> {
  for (let from = offset(0); !signal.aborted;) {
    const { finished, next_offset } = await lookAtProgress(log, from);
    if (finished) return;
    from = next_offset;
    await log.waitForRecords([{ topic: TOPIC, partition: 0, next_offset }], signal);
  }
}

async function lookAtProgress(log: Log, after: Offset): Promise<{ finished: boolean; next_offset: Offset }> {
  try {
    const { start_offset, next_offset } = await log.tail(TOPIC, 0);
    let from = offset(Math.max(start_offset, after, next_offset - LAST_RECORDS));
    let finished = false;
    while (from < next_offset && !finished) {
      const batch = await log.read({ topic: TOPIC, partition: 0, from });
      for (const { value } of batch.records) {
        if (value === null) continue;
        const { tables } = decodeJson(topics.relayProgress, value);
        finished ||= TABLES.every((table) => tables[table]?.state === 'finished');
      }
      from = batch.next_offset;
    }
    return { finished, next_offset };
  } catch (error) {
    if (isNervelineError(error, 'NL-LOG-008')) return { finished: false, next_offset: offset(0) };
    throw error;
  }
}
