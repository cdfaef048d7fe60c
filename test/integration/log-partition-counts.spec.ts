import { offset } from '@nerveline/kernel';
import { openKafkaLog, openLog, type LogTopic } from '@nerveline/log';
import { createTempDirectory, describeWithKafka } from '@nerveline/testing';
import { Kafka, logLevel } from 'kafkajs';
import { broker, newPrefix, START_TIMEOUT_MS, startBroker, stopBroker } from './log-kafka-place';

const topicWith = (partitions: number): readonly LogTopic[] => [
  { name: 'orders', partitions, owner: 'shop', retention: { kind: 'compacted' } },
];
const record = (partition: number) => ({
  ...{ topic: 'orders', partition, key: 'k', value: Buffer.from('v'), timestamp_ms: 1 },
});

async function openDirectory() {
  const directory = await createTempDirectory();
  return {
    open: (partitions: number, shared = false) =>
      openLog({ data_directory: directory.path, service: 'shop', catalogue: topicWith(partitions), shared }),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

describe('the partitions of an embedded topic', () => {
  test.each([
    { now: 8, shared: false },
    { now: 2, shared: false },
    { now: 8, shared: true },
  ])(
    'stay as many as its keys are spread over: 4 to $now is refused with the reason, and the records stay (shared: $shared)',
    async ({ now, shared }) => {
      await using directory = await openDirectory();
      const first = await directory.open(4, shared);
      // Partition 0 alone: what was never written there says nothing of how many there are.
      await first.append([record(0)]);
      await first.close();
      await expect(directory.open(now, shared)).rejects.toMatchObject({
        code: 'NL-LOG-022',
        message: expect.stringMatching(`orders has 4 partitions, the catalogue says ${now}: .*order`) as string,
      });
      const again = await directory.open(4, shared);
      expect((await again.read({ topic: 'orders', partition: 0, from: offset(0) })).records).toHaveLength(1);
      await again.close();
    },
  );

  test('may change as long as it never had a record', async () => {
    await using directory = await openDirectory();
    await (await directory.open(4)).close();
    const grown = await directory.open(8);
    await grown.append([record(7)]);
    await grown.close();
    await expect(directory.open(4)).rejects.toMatchObject({ code: 'NL-LOG-022' });
  });
});

describeWithKafka('the partitions of a topic on Kafka', () => {
  beforeAll(() => startBroker(), START_TIMEOUT_MS);
  afterAll(stopBroker);

  test.each(['kafkajs', 'platformatic'] as const)(
    'that somebody has grown are refused at the next start with the reason (%s)',
    async (client) => {
      await using directory = await createTempDirectory();
      const prefix = newPrefix();
      const terms = { brokers: [broker().broker], service: 'shop', catalogue: topicWith(4), prefix, client };
      const open = () => openKafkaLog({ ...terms, data_directory: directory.path });
      const first = await open();
      await first.append([record(0)]);
      await first.close();
      const admin = new Kafka({ brokers: [broker().broker], logLevel: logLevel.NOTHING }).admin();
      await admin.connect();
      await admin.createPartitions({ topicPartitions: [{ topic: `${prefix}orders`, count: 6 }] });
      await admin.disconnect();
      await expect(open()).rejects.toMatchObject({
        code: 'NL-LOG-022',
        message: expect.stringMatching(/orders has 6 partitions, the catalogue says 4: .*order/) as string,
      });
    },
    60_000,
  );
});
