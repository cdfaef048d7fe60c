import { offset, type OutRecord, type Ownership } from '@nerveline/kernel';
import { openKafkaLog, type BrokerState, type Log } from '@nerveline/log';
import { createTempDirectory, describeWithKafka, eventually } from '@nerveline/testing';
import { broker, newPrefix, startBroker, START_TIMEOUT_MS, stopBroker, type KafkaOptions } from './log-kafka-place';
import { startProxy } from './log-kafka-proxy';

const record = (value: string, more: Partial<OutRecord> = {}): OutRecord => ({
  topic: 'single',
  key: 'k',
  value: Buffer.from(value),
  timestamp_ms: 1_000,
  ...more,
});

const retention = { kind: 'age', retention_ms: 3_600_000 } as const;
const single = { name: 'single', partitions: 1, owner: 'writer', retention };

async function openLog(options: Partial<KafkaOptions> = {}) {
  const directory = await createTempDirectory();
  const settings = {
    brokers: [broker().broker],
    prefix: newPrefix(),
    service: 'writer',
    catalogue: [single],
    ...options,
  };
  const log = await openKafkaLog({ data_directory: directory.path, ...settings });
  return {
    log,
    async [Symbol.asyncDispose]() {
      await log.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Follows the partition until it has as many records. */
async function follow(log: Log, count: number): Promise<string[]> {
  const seen: string[] = [];
  for (let from = offset(0); seen.length < count;) {
    await log.waitForRecords([{ topic: 'single', partition: 0, next_offset: from }], new AbortController().signal);
    const batch = await log.read({ topic: 'single', partition: 0, from });
    seen.push(...batch.records.map(({ value }) => Buffer.from(value ?? []).toString()));
    from = batch.next_offset;
  }
  return seen;
}

describeWithKafka('Apache Kafka that fails', () => {
  beforeAll(() => startBroker(), START_TIMEOUT_MS);
  afterAll(stopBroker);

  describe.each(['kafkajs', 'platformatic'] as const)('with %s', (client) => {
    test('a broker that is killed under load and comes back: nothing is lost, doubled or out of order', async () => {
      await using writer = await openLog({ client });
      const { log } = writer;
      const total = 3_000;
      const reading = follow(log, total);
      const appends: Promise<unknown>[] = [];
      let killed: Promise<void> | undefined;
      for (let i = 0; i < total; i += 1) {
        appends.push(log.append([record(`${i}`)]));
        if (i === 1_000) {
          await eventually(async () => (await log.tail('single', 0)).next_offset > 500);
          killed = broker().kill();
        }
        if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await killed;
      await broker().start();
      await Promise.all(appends);
      const expected = Array.from({ length: total }, (_, i) => `${i}`);
      expect(await reading).toEqual(expected);
      expect((await log.tail('single', 0)).next_offset).toBe(total);
    }, 120_000);

    test('commits under way while the broker is killed are whole or not there, and each counts once', async () => {
      await using writer = await openLog({ client });
      const { log } = writer;
      const commit = (i: number) =>
        log.commit({
          appends: [record(`${i}`)],
          state: [{ store: 's', key: 'k', value: Buffer.from(`${i}`) }],
          positions: [
            { group: 'writer.main', topic: 'single', partition: 0, next_offset: offset(i), applied_above: [] },
          ],
        });
      await commit(0);
      const commits = Array.from({ length: 40 }, (_, i) => commit(i + 1));
      await broker().kill();
      await broker().start();
      const outcomes = await Promise.allSettled(commits);
      const good = outcomes.flatMap(({ status }, i) => (status === 'fulfilled' ? [`${i + 1}`] : []));
      const { next_offset } = await log.tail('single', 0);
      const values: string[] = [];
      for (let from = offset(0); from < next_offset;) {
        const batch = await log.read({ topic: 'single', partition: 0, from });
        values.push(...batch.records.map(({ value }) => Buffer.from(value ?? []).toString()));
        from = batch.next_offset;
      }
      expect(values).toEqual(['0', ...good]);
      const [position] = await log.positions('writer.main');
      expect(`${position?.next_offset}`).toBe(values.at(-1));
      expect(Buffer.from(log.state.get('s', 'k') ?? []).toString()).toBe(values.at(-1));
    }, 120_000);

    test('a commit that hung until its partition had another owner is refused whole, whatever its process knows', async () => {
      await using proxy = await startProxy(broker().proxied);
      const shared = { client, prefix: newPrefix(), session_ms: 1_000 };
      const patience = { silence_ms: 600, fetch_wait_ms: 100 };
      await using cut_off = await openLog({ ...shared, ...patience, brokers: [proxy.broker] });
      await using successor = await openLog(shared);
      const ownershipOf = async ({ log }: { readonly log: Log }) => {
        const owned: Ownership[] = [];
        await log.join({
          group: 'writer.main',
          topics: ['single'],
          onAssigned: async (ownerships) => void owned.push(...ownerships),
          onRevoked: async () => undefined,
          onLost: () => undefined,
        });
        return eventually(() => owned[0], { within_ms: 30_000 });
      };
      const step = (ownership: Ownership, value: string) => ({
        ownership,
        appends: [record(value)],
        state: [{ store: 's', key: 'k', value: Buffer.from(value) }],
      });
      const first = await ownershipOf(cut_off);
      await cut_off.log.commit(step(first, 'first'));
      proxy.swallow();
      // It still owns the partition when it commits; then nobody hears of it until somebody else has it.
      const hanging = cut_off.log.commit(step(first, 'late'));
      hanging.catch(() => undefined);
      const second = await ownershipOf(successor);
      await successor.log.commit(step(second, 'second'));
      proxy.pass();
      await expect(hanging).rejects.toMatchObject({ code: 'NL-LOG-004' });
      expect(await follow(successor.log, 2)).toEqual(['first', 'second']);
      expect(Buffer.from(successor.log.state.get('s', 'k') ?? []).toString()).toBe('second');
    }, 60_000);

    test('what was stored without an answer, and so is sent again, is there once', async () => {
      await using proxy = await startProxy(broker().proxied);
      const prefix = newPrefix();
      await using writer = await openLog({
        client,
        prefix,
        brokers: [proxy.broker],
        silence_ms: 600,
        fetch_wait_ms: 100,
      });
      await using witness = await openLog({ client, prefix, service: 'witness' });
      const { log } = writer;
      const tail = async () => (await witness.log.tail('single', 0)).next_offset;
      const withoutAnswer = async <T>(write: () => Promise<T>): Promise<T> => {
        const [before, given_up] = [await tail(), proxy.given_up()];
        proxy.swallow('answers');
        const writing = write();
        await eventually(async () => (await tail()) > before, { within_ms: 20_000 });
        await eventually(() => proxy.given_up() > given_up, { within_ms: 20_000 });
        proxy.pass();
        return writing;
      };
      await log.append([record('0')]);
      const [first] = await withoutAnswer(() => log.append([record('1'), record('2')]));
      expect(first).toMatchObject({ offset: 1 });
      await log.append([record('3')]);
      expect(await follow(witness.log, 4)).toEqual(['0', '1', '2', '3']);
      expect(await tail()).toBe(4);
    }, 60_000);

    test('a connection that swallows everything is given up, and reading goes on where it stood', async () => {
      await using proxy = await startProxy(broker().proxied);
      const prefix = newPrefix();
      await using writer = await openLog({ client, prefix });
      const patience = { silence_ms: 600, fetch_wait_ms: 100 };
      await using reader = await openLog({ client, prefix, service: 'reader', brokers: [proxy.broker], ...patience });
      await writer.log.append(Array.from({ length: 10 }, (_, i) => record(`${i}`)));
      const reading = follow(reader.log, 20);
      await eventually(() => proxy.bytes() > 0);
      proxy.swallow();
      await writer.log.append(Array.from({ length: 10 }, (_, i) => record(`${i + 10}`)));
      await eventually(() => proxy.given_up() > 0, { within_ms: 20_000 });
      proxy.pass();
      expect(await reading).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
    }, 60_000);

    test('a broker that is not there at the start is waited for, told of once, and found when it comes', async () => {
      await broker().kill();
      const states: BrokerState[] = [];
      const opening = openLog({ client, onConnection: (state) => states.push(state) });
      await eventually(() => states.length > 0);
      await broker().start();
      await using writer = await opening;
      await writer.log.append([record('1')]);
      expect(states[0]).toMatchObject({
        broker: broker().broker,
        reachable: false,
        cause: expect.stringContaining('ECONNREFUSED') as string,
      });
      expect(states.filter(({ reachable }) => !reachable)).toHaveLength(1);
      expect(states.at(-1)).toEqual({ broker: broker().broker, reachable: true });
    }, 90_000);

    test('wrong credentials are refused at once, and the right ones let in', async () => {
      const sasl = { mechanism: 'plain', username: 'alice', password: 'wonderland' } as const;
      const brokers = [broker().sasl_broker];
      const wrong = openLog({ client, brokers, sasl: { ...sasl, password: 'looking-glass' } });
      await expect(wrong).rejects.toMatchObject({ code: 'NL-LOG-021' });
      await using writer = await openLog({ client, brokers, sasl });
      await writer.log.append([record('1')]);
      expect((await writer.log.tail('single', 0)).next_offset).toBe(1);
    }, 60_000);

    test('a topic that has other partitions than the catalogue says is refused at the start', async () => {
      const prefix = newPrefix();
      await using first = await openLog({ client, prefix });
      await first.log.append([record('1')]);
      const more = openLog({ client, prefix, catalogue: [{ ...single, partitions: 4 }] });
      await expect(more).rejects.toMatchObject({
        code: 'NL-LOG-022',
        message: expect.stringContaining('has 1 partitions') as string,
      });
    });

    test('more replicas than there are brokers, and topics that may not be made, are refused at the start', async () => {
      await expect(openLog({ client, replication_factor: 3 })).rejects.toMatchObject({ code: 'NL-LOG-022' });
      await expect(openLog({ client, create_topics: false })).rejects.toMatchObject({ code: 'NL-LOG-022' });
    });

    test.each(['none', 'gzip', 'lz4'] as const)(
      'records compressed with %s come back as they were',
      async (compression) => {
        await using writer = await openLog({ client, compression });
        const values = Array.from({ length: 200 }, (_, i) => `${i}:${'payload '.repeat(50)}`);
        await writer.log.append(values.map((value) => record(value)));
        expect(await follow(writer.log, 200)).toEqual(values);
      },
    );
  });
});
