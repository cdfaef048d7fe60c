import { offset } from '@nerveline/kernel';
import { openKafkaLog, type Log } from '@nerveline/log';
import { createTempDirectory, describeWithKafka, eventually } from '@nerveline/testing';
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import { broker, newPrefix, startBroker, START_TIMEOUT_MS, stopBroker, type KafkaOptions } from './log-kafka-place';

const catalogue = [
  { name: 'last', partitions: 1, owner: 'writer', retention: { kind: 'compacted' } },
  { name: 'work', partitions: 2, owner: 'writer', retention: { kind: 'age', retention_ms: 3_600_000 } },
] as const;

interface Opened {
  readonly log: Log;
  readonly directory: string;
}

async function openLog(options: Partial<KafkaOptions> & { data_directory: string }): Promise<Log> {
  return openKafkaLog({ brokers: [broker().broker], service: 'writer', catalogue, ...options });
}

async function withLog(options: Partial<KafkaOptions>, use: (opened: Opened) => Promise<void>): Promise<void> {
  await using directory = await createTempDirectory();
  const log = await openLog({ ...options, data_directory: directory.path });
  try {
    await use({ log, directory: directory.path });
  } finally {
    await log.close();
  }
}

const put = (key: string, value: string, timestamp_ms: number) => ({
  topic: 'last',
  key,
  value: Buffer.from(value),
  timestamp_ms,
});

async function shrinkTopic(prefix: string): Promise<void> {
  const admin = new Kafka({ brokers: [broker().broker], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const configEntries = [{ name: 'max.message.bytes', value: '1048588' }];
  const resources = [{ type: ConfigResourceTypes.TOPIC, name: `${prefix}work`, configEntries }];
  await admin.alterConfigs({ validateOnly: false, resources });
  await admin.disconnect();
}

async function readLast(log: Log) {
  const { next_offset } = await log.tail('last', 0);
  const seen: { key: string; value: string; offset: number; timestamp_ms: number }[] = [];
  for (let from = offset(0); from < next_offset;) {
    const batch = await log.read({ topic: 'last', partition: 0, from });
    expect(batch.next_offset).toBeGreaterThan(from);
    for (const { key, value, offset: at, timestamp_ms } of batch.records) {
      seen.push({ key: String(key), value: String(value), offset: at, timestamp_ms });
    }
    from = batch.next_offset;
  }
  return seen;
}

describeWithKafka('details of the log on Apache Kafka', () => {
  // A segment is compacted soon after it was closed, which takes a second.
  const eager = { 'log.roll.ms': 1_000, 'log.cleaner.min.cleanable.ratio': 0.01 };
  beforeAll(() => startBroker(eager), START_TIMEOUT_MS);
  afterAll(stopBroker);

  describe.each(['kafkajs', 'platformatic'] as const)('with %s', (client) => {
    test('what compaction leaves keeps its offset and its event time, and readers get past what it emptied', async () => {
      await withLog({ client, prefix: newPrefix() }, async ({ log }) => {
        for (let i = 0; i < 6; i += 1) await log.append([put('a', `a${i}`, 100 + i), put('b', `b${i}`, 200 + i)]);
        await log.append([put('c', 'c', 300.5)]);
        // The last segment is never compacted: a record of a later event time closes the one before.
        for (const timestamp_ms of [60_000, 120_000]) await log.append([put('filler', 'x', timestamp_ms)]);
        const left = await eventually(
          async () => {
            const seen = (await readLast(log)).filter(({ key }) => key !== 'filler');
            return seen.length === 3 ? seen : undefined;
          },
          { within_ms: 40_000 },
        );
        expect(left).toEqual([
          { key: 'a', value: 'a5', offset: 10, timestamp_ms: 105 },
          { key: 'b', value: 'b5', offset: 11, timestamp_ms: 205 },
          { key: 'c', value: 'c', offset: 12, timestamp_ms: 300.5 },
        ]);
        expect(await log.offsetAt('last', 0, 300.2)).toBe(12);
      });
    }, 60_000);

    test('a group that another application uses is not joined', async () => {
      const prefix = newPrefix();
      await withLog({ client, prefix }, async ({ log }) => {
        const stranger = new Kafka({ brokers: [broker().broker], logLevel: logLevel.NOTHING });
        const consumer = stranger.consumer({ groupId: `${prefix}writer.work` });
        await consumer.connect();
        await consumer.subscribe({ topics: [`${prefix}work`] });
        const joined = new Promise<void>((resolve) => void consumer.on('consumer.group_join', () => resolve()));
        await consumer.run({ eachMessage: async () => undefined });
        await joined;
        const ours = log.join({
          group: 'writer.work',
          topics: ['work'],
          onAssigned: async () => undefined,
          onRevoked: async () => undefined,
          onLost: () => undefined,
        });
        await expect(ours).rejects.toMatchObject({ code: 'NL-LOG-024' });
        await consumer.disconnect();
      });
    }, 60_000);

    test('state that is here already is not read again: only what is new, and all of it by a new instance', async () => {
      const prefix = newPrefix();
      await withLog({ client, prefix }, async ({ log, directory }) => {
        const entries = Array.from({ length: 300 }, (_, i) => ({
          store: 's',
          key: `${i}`,
          value: Buffer.from(`${i}`),
        }));
        await log.commit({ state: entries });
        await log.close();
        const read = async (data_directory: string) => {
          let records = 0;
          const onRestored = (restored: { readonly records: number }) => void (records += restored.records);
          const again = await openLog({ client, prefix, data_directory, onRestored });
          const kept = [...again.state.scan('s', '')].length;
          await again.close();
          return { records, kept };
        };
        expect(await read(directory)).toEqual({ records: 0, kept: 300 });
        expect(await read(`${directory}/new`)).toEqual({ records: 300, kept: 300 });
      });
    }, 60_000);

    test('an append that is refused leaves at most the first of what went to each partition, a commit nothing', async () => {
      // The broker takes less than the log was told: what is too much is found only when the rest is stored already.
      const opened = { client, prefix: newPrefix(), max_record_bytes: 4 * 1024 * 1024, compression: 'none' } as const;
      await withLog(opened, async ({ log }) => {
        const work = (partition: number, value: Buffer) => ({
          ...{ topic: 'work', partition, key: 'k', value, timestamp_ms: 1 },
        });
        const [small, large] = [Buffer.from('small'), Buffer.alloc(3 * 1024 * 1024, 'x')];
        await shrinkTopic(opened.prefix);
        const records = [work(0, small), work(1, small), work(1, large), work(1, small)];
        await expect(log.commit({ appends: records })).rejects.toMatchObject({ code: 'NL-LOG-007' });
        const visible = async (partition: number): Promise<(string | null)[]> => {
          const { next_offset } = await log.tail('work', partition);
          const values: (string | null)[] = [];
          for (let from = offset(0); from < next_offset;) {
            const batch = await log.read({ topic: 'work', partition, from });
            values.push(...batch.records.map(({ value }) => value && String(value)));
            from = batch.next_offset;
          }
          return values;
        };
        expect([await visible(0), await visible(1)]).toEqual([[], []]);
        await expect(log.append(records)).rejects.toMatchObject({ code: 'NL-LOG-007' });
        await eventually(async () => (await visible(0)).length === 1);
        expect([await visible(0), await visible(1)]).toEqual([['small'], ['small']]);
        await log.append([work(1, small)]);
        expect(await visible(1)).toEqual(['small', 'small']);
      });
    }, 60_000);

    test('nobody sees what a transaction has written before it is committed, nor what comes behind it', async () => {
      const prefix = newPrefix();
      await withLog({ client, prefix }, async ({ log }) => {
        const values = async () => {
          const { records } = await log.read({ topic: 'work', partition: 0, from: offset(0) });
          return records.map(({ value }) => String(value));
        };
        const stranger = new Kafka({ brokers: [broker().broker], logLevel: logLevel.NOTHING }).producer({
          ...{ transactionalId: `${prefix}stranger`, idempotent: true, maxInFlightRequests: 1 },
        });
        await stranger.connect();
        const transaction = await stranger.transaction();
        await transaction.send({ topic: `${prefix}work`, messages: [{ partition: 0, value: 'open' }] });
        await log.append([{ topic: 'work', partition: 0, key: 'k', value: Buffer.from('behind'), timestamp_ms: 1 }]);
        expect(await values()).toEqual([]);
        expect((await log.tail('work', 0)).next_offset).toBe(0);
        await transaction.commit();
        await stranger.disconnect();
        expect(await eventually(async () => ((await values()).length > 0 ? values() : undefined))).toEqual([
          'open',
          'behind',
        ]);
      });
    }, 60_000);

    test('a position that is not there is refused with those that are', async () => {
      await withLog({ client, prefix: newPrefix() }, async ({ log }) => {
        await expect(log.read({ topic: 'work', partition: 0, from: offset(5) })).rejects.toMatchObject({
          code: 'NL-LOG-009',
          message: expect.stringContaining('from 0 up to 0, not 5') as string,
        });
      });
    });
  });
});
