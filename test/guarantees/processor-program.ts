import { offset, type OutRecord } from '@nerveline/kernel';
import { processor, readDeadLetters, type Log, type LogRecord, type LogTopic } from '@nerveline/log';
import { NervelineError } from '@nerveline/kernel';
import { openLogBy } from './log-place';

/*
 * What the processor's tests kill: `processor-program.ts ailing|healthy`, on the log that its environment names. Counts the records of each key in
 * keyed state and appends what it saw. Ailing, it fails where a record says so: mostly at `retriable`, always at `ailing` and `poison`. Hears `{ redrive: true }`.
 */

const age = { kind: 'age', retention_ms: 3_600_000 } as const;
const topic = (name: string, owner: string, more: Partial<LogTopic> = {}): LogTopic => ({
  ...{ name, owner, partitions: 2, retention: age },
  ...more,
});

export const catalogue: readonly LogTopic[] = [
  topic('orders', 'writer'),
  topic('counts', 'shop'),
  topic('shop.parked', 'shop', { retention: { kind: 'compacted' }, wraps_records: true }),
  topic('shop.dlq', 'shop', { retention: { kind: 'compacted' }, wraps_records: true }),
];

export const HELD = { parked: 'shop.parked', dead_letters: 'shop.dlq' };
export const GROUP = 'shop.counts';

const text = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString();

function count(log: Log, { key, value }: LogRecord, ails: boolean) {
  const said = text(value);
  if (ails && (said.includes('ailing') || (said.includes('retriable') && Math.random() < 0.9)))
    throw new NervelineError('NL-LOG-008', { detail: said });
  if (ails && said.includes('poison')) throw new TypeError(said);
  const name = text(key);
  const next = Number(text(log.state.get('counts', name))) + 1;
  const out: OutRecord = { topic: 'counts', key: name, value: Buffer.from(said), timestamp_ms: 0 };
  return { appends: [out], state: [{ store: 'counts', key: name, value: Buffer.from(`${next}`) }] };
}

/** All values of a topic by key, in their order. */
export async function readByKey(log: Log, name: string): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (let partition = 0; partition < (await log.partitionCount(name)); partition += 1) {
    const { next_offset } = await log.tail(name, partition);
    for (let from = offset(0); from < next_offset;) {
      const batch = await log.read({ topic: name, partition, from });
      for (const { key, value } of batch.records) (found[text(key)] ??= []).push(text(value));
      from = batch.next_offset;
    }
  }
  return found;
}

async function main(): Promise<void> {
  const [mood] = process.argv.slice(2);
  const log = await openLogBy(process.env, 'shop', catalogue);
  const running = processor(log, {
    group: GROUP,
    topics: ['orders'],
    from: 'earliest',
    failures: HELD,
    retry: { first_ms: 2, longest_ms: 5, in_place_ms: 10, parked_first_ms: 20, parked_longest_ms: 50 },
    handle: (record) => count(log, record, mood === 'ailing'),
    onHeld: ({ fate, record }) => process.send?.({ fate, value: text(record.value) }),
  });
  running.done.catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
  process.on('message', () => void redrive());
  process.on('disconnect', () => process.exit(0));
  const redrive = async (): Promise<void> => {
    const sent = await running.redrive({});
    process.send?.({ redriven: sent.map(({ offset }) => offset) });
  };
  setInterval(() => {
    void readDeadLetters(log, HELD.dead_letters).then((letters) =>
      process.send?.({ load: running.load, next_offsets: running.next_offsets, dead_letters: letters.length }),
    );
  }, 20);
  process.send?.({ opened: true });
}

if (require.main === module) void main();
