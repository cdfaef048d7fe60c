import type { Topic } from '@nerveline/contracts';
import { offset } from '@nerveline/kernel';
import type { Log, LogRecord } from '@nerveline/log';

export type ReadableLog = Pick<Log, 'read' | 'tail'>;

export const partitionsOf = (topic: Topic): number[] =>
  Array.from({ length: topic.partitions }, (_, partition) => partition);

/** Everything that a partition holds, in its order. */
export async function readAll(log: ReadableLog, topic: Topic, partition: number): Promise<LogRecord[]> {
  const { start_offset, next_offset } = await log.tail(topic.name, partition);
  const records: LogRecord[] = [];
  let from = start_offset;
  while (from < next_offset) {
    const batch = await log.read({ topic: topic.name, partition, from });
    for (const record of batch.records)
      records.push({ ...record, key: record.key?.slice() ?? null, value: record.value?.slice() ?? null });
    if (batch.next_offset === from) break;
    from = offset(batch.next_offset);
  }
  return records;
}
