import { offset } from '@nerveline/kernel';
import { openKafkaLog, type BrokerState } from '@nerveline/log';
import { createTempDirectory, describeWithKafka, makeKeyStore, startKafka } from '@nerveline/testing';
import { newPrefix, START_TIMEOUT_MS, type KafkaOptions } from './log-kafka-place';

const retention = { kind: 'age', retention_ms: 3_600_000 } as const;
const catalogue = [{ name: 'single', partitions: 1, owner: 'writer', retention }];
const alice = { username: 'alice', password: 'wonderland' };

let kafka: Awaited<ReturnType<typeof startKafka>>;

function secured() {
  if (kafka.secured === undefined) throw new Error('the broker was started without its secured listener');
  return kafka.secured;
}

async function openLog(options: Partial<KafkaOptions>) {
  const directory = await createTempDirectory();
  const base = { brokers: [secured().broker], prefix: newPrefix(), service: 'writer', catalogue };
  const log = await openKafkaLog({ data_directory: directory.path, ...base, ...options });
  return {
    log,
    async [Symbol.asyncDispose]() {
      await log.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

describeWithKafka('Apache Kafka behind TLS and SASL/SCRAM', () => {
  beforeAll(async () => {
    kafka = await startKafka({}, { secured: true });
  }, START_TIMEOUT_MS);
  afterAll(() => kafka?.[Symbol.asyncDispose]());

  describe.each(['kafkajs', 'platformatic'] as const)('with %s', (client) => {
    test.each(['scram-sha-256', 'scram-sha-512'] as const)(
      'who trusts the broker and knows the password (%s) writes, commits and reads',
      async (mechanism) => {
        const tls = { ca: secured().ca };
        await using opened = await openLog({ client, tls, sasl: { ...alice, mechanism } });
        const { log } = opened;
        await log.append([{ topic: 'single', key: 'k', value: Buffer.from('appended'), timestamp_ms: 1 }]);
        await log.commit({ state: [{ store: 's', key: 'k', value: Buffer.from('kept') }] });
        const { records } = await log.read({ topic: 'single', partition: 0, from: offset(0) });
        expect(records.map(({ value }) => String(value))).toEqual(['appended']);
        expect(String(log.state.get('s', 'k'))).toBe('kept');
      },
      30_000,
    );

    test('a wrong password, and a user that nobody knows, are refused at once as credentials', async () => {
      const tls = { ca: secured().ca };
      const scram = { ...alice, mechanism: 'scram-sha-512' } as const;
      const refused = { code: 'NL-LOG-021', message: expect.stringContaining(secured().broker) as string };
      await expect(openLog({ client, tls, sasl: { ...scram, password: 'oyster' } })).rejects.toMatchObject(refused);
      await expect(openLog({ client, tls, sasl: { ...scram, username: 'hatter' } })).rejects.toMatchObject(refused);
    }, 30_000);

    test('a mechanism that the broker does not offer is refused at once as credentials', async () => {
      const sasl = { ...alice, mechanism: 'plain' } as const;
      const opening = openLog({ client, tls: { ca: secured().ca }, sasl });
      await expect(opening).rejects.toMatchObject({ code: 'NL-LOG-021' });
    }, 30_000);

    test('a broker whose certificate another authority signed is refused at once, and told apart from credentials', async () => {
      await using directory = await createTempDirectory();
      const { certificate } = await makeKeyStore(directory.path, 'stranger');
      const sasl = { ...alice, mechanism: 'scram-sha-256' } as const;
      const states: BrokerState[] = [];
      const onConnection = (state: BrokerState): void => void states.push(state);
      const untrusted = { code: 'NL-LOG-027', message: expect.stringMatching(/certificate/i) as string };
      await expect(openLog({ client, tls: { ca: certificate }, sasl, onConnection })).rejects.toMatchObject(untrusted);
      // Without an authority of one's own, those that Node knows count.
      await expect(openLog({ client, tls: {}, sasl, onConnection })).rejects.toMatchObject(untrusted);
      expect(states.map(({ reachable }) => reachable)).toEqual([false, false]);
    }, 30_000);

    test('a certificate that is for another address is refused at once, unless the settings name the one it is for', async () => {
      const brokers = [secured().broker.replace('127.0.0.1', 'localhost')];
      const sasl = { ...alice, mechanism: 'scram-sha-256' } as const;
      const { ca } = secured();
      await expect(openLog({ client, brokers, tls: { ca }, sasl })).rejects.toMatchObject({ code: 'NL-LOG-027' });
      await using opened = await openLog({ client, brokers, tls: { ca, servername: 'broker.test' }, sasl });
      expect((await opened.log.tail('single', 0)).next_offset).toBe(0);
    }, 30_000);
  });
});
