import { offset, type OutRecord } from '@nerveline/kernel';
import { consume, openLog, type Log, type LogRecord, type LogTopic } from '@nerveline/log';

/*
 * What the durability tests kill: `log-durability-program.ts DATA_DIRECTORY writer|consumer [segments]`. Says `{ opened }`
 * first. With `segments` it moves what it writes into small segments all the time.
 *
 * writer: appends numbered records, many at a time, and says `{ durable: [numbers] }` once each append has resolved.
 * consumer: counts the records of each key in keyed state, and appends each new count.
 */

export const catalogue: readonly LogTopic[] = [
  { name: 'input', partitions: 3, owner: 'writer', retention: { kind: 'age', retention_ms: 3_600_000 } },
  { name: 'counts', partitions: 3, owner: 'consumer', retention: { kind: 'age', retention_ms: 3_600_000 } },
];

/** Appends that are under way at the same time. */
const IN_FLIGHT = 8;
const RECORDS_PER_APPEND = 5;

async function write(log: Log): Promise<void> {
  let number = 0;
  for (let partition = 0; partition < 3; partition += 1) number += (await log.tail('input', partition)).next_offset;
  // Numbers of attempts that became durable without having been acknowledged are used again under a new run.
  const run = `${Date.now()}`;
  const appendSome = async (): Promise<void> => {
    for (;;) {
      const numbers = Array.from({ length: RECORDS_PER_APPEND }, () => (number += 1));
      await log.append(numbers.map((n) => inputRecord(`${run}-${n}`, n)));
      process.send?.({ durable: numbers.map((n) => `${run}-${n}`) });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, appendSome));
}

const inputRecord = (id: string, n: number): OutRecord => ({
  topic: 'input',
  key: `key-${n % 7}`,
  value: Buffer.from(id),
  timestamp_ms: n,
});

function count(log: Log): Promise<void> {
  const consumer = consume(log, {
    group: 'consumer.counts',
    topics: ['input'],
    from: 'earliest',
    max_batch_bytes: 200,
    handle: (records) => countRecords(log, records),
  });
  return consumer.done;
}

function countRecords(log: Log, records: readonly LogRecord[]) {
  const counts = new Map<string, number>();
  const appends: OutRecord[] = [];
  for (const { key } of records) {
    const name = Buffer.from(key ?? []).toString();
    const stored = log.state.get('counts', name);
    const next = (counts.get(name) ?? Number(stored === undefined ? 0 : Buffer.from(stored).toString())) + 1;
    counts.set(name, next);
    appends.push({ topic: 'counts', key: name, value: Buffer.from(`${next}`), timestamp_ms: 0 });
  }
  const state = [...counts].map(([key, value]) => ({ store: 'counts', key, value: Buffer.from(`${value}`) }));
  return { appends, state };
}

/** All records of a topic, partition by partition. */
export async function readTopic(log: Log, topic: string): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (let partition = 0; partition < (await log.partitionCount(topic)); partition += 1) {
    const { next_offset } = await log.tail(topic, partition);
    for (let from = offset(0); from < next_offset;) {
      const batch = await log.read({ topic, partition, from });
      records.push(...batch.records);
      from = batch.next_offset;
    }
  }
  return records;
}

const MOVING = { segment_bytes: 20_000, housekeeping_interval_ms: 5 };

async function main([data_directory = '', service = '', segments]: readonly string[]): Promise<void> {
  const log = await openLog({ data_directory, service, catalogue, ...(segments === 'segments' && MOVING) });
  process.send?.({ opened: service });
  process.on('disconnect', () => process.exit(0));
  await (service === 'writer' ? write(log) : count(log));
}

if (require.main === module) {
  main(process.argv.slice(2)).catch((error: { code?: string; message: string }) => {
    process.send?.({ failed: error.code ?? error.message });
    process.exit(1);
  });
}
