import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { topicCatalogue, topics, type ServiceName } from '@nerveline/contracts';
import { offset } from '@nerveline/kernel';
import { openKafkaLog, type Log } from '@nerveline/log';
import {
  createTempDirectory,
  describeWithKafka,
  eventually,
  kafkaTool,
  startKafka,
  type TestKafka,
} from '@nerveline/testing';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from 'kafkajs';
import { readBy } from '../../apps/cli/src/kafka/access';

const run = promisify(execFile);
const SERVICES = ['cdc-relay', 'fraud-scoring', 'inventory-sync', 'gps-rerouting', 'live-gateway'] as const;
const PREFIX = 'shop.';

/** What `nerveline topics --print` says, as the words of its commands. */
async function printedCommands(...words: string[]): Promise<string[][]> {
  const { stdout } = await run(process.execPath, [resolve('apps/cli/src/main.ts'), 'topics', '--print', ...words]);
  const lines = stdout.replaceAll(' \\\n', ' ').split('\n');
  return lines.filter((line) => line.startsWith('kafka-')).map((line) => line.split(/\s+/));
}

/** The values of an option, which may be there several times. */
const valuesOf = (command: readonly string[], option: string): string[] =>
  command.flatMap((word, at) => (word === `--${option}` ? [command[at + 1] ?? ''] : []));

const toEnum = (name: string): string => name.replaceAll(/(?<=[a-z])(?=[A-Z])|-/g, '_').toUpperCase();

function aclsOf(command: readonly string[]) {
  const resources = ['topic', 'group', 'transactional-id'].flatMap((kind) =>
    valuesOf(command, kind).map((name) => ({ kind, name })),
  );
  return resources.flatMap(({ kind, name }) =>
    valuesOf(command, 'operation').map((operation) => ({
      resourceType: AclResourceTypes[toEnum(kind) as 'TOPIC'],
      resourceName: name,
      resourcePatternType:
        ResourcePatternTypes[toEnum(valuesOf(command, 'resource-pattern-type')[0] ?? '') as 'LITERAL'],
      principal: valuesOf(command, 'allow-principal')[0] ?? '',
      host: '*',
      operation: AclOperationTypes[toEnum(operation) as 'READ'],
      permissionType: AclPermissionTypes.ALLOW,
    })),
  );
}

/** What every command stands for, in the words of the admin client. */
async function carryOut(kafka: TestKafka, commands: readonly (readonly string[])[]): Promise<void> {
  const admin = new Kafka({ brokers: [kafka.broker], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const made = commands.filter(([tool]) => tool === 'kafka-topics.sh');
    await admin.createTopics({
      waitForLeaders: true,
      topics: made.map((command) => ({
        topic: valuesOf(command, 'topic')[0] ?? '',
        numPartitions: Number(valuesOf(command, 'partitions')[0]),
        replicationFactor: Number(valuesOf(command, 'replication-factor')[0]),
        configEntries: valuesOf(command, 'config').map((text) => {
          const [name = '', value = ''] = text.split('=');
          return { name, value };
        }),
      })),
    });
    await admin.createAcls({ acl: commands.filter(([tool]) => tool === 'kafka-acls.sh').flatMap(aclsOf) });
  } finally {
    await admin.disconnect();
  }
}

describeWithKafka('nerveline topics --print', () => {
  let kafka: TestKafka;
  beforeAll(async () => {
    const users = SERVICES.map((service) => `user_${service}="secret"`).join(' ');
    const login = 'org.apache.kafka.common.security.plain.PlainLoginModule';
    kafka = await startKafka({
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
      'listener.name.sasl.plain.sasl.jaas.config': `${login} required ${users};`,
    });
    const some = ['--brokers', kafka.broker, '--prefix', PREFIX];
    const commands = await printedCommands(...some, '--replication-factor', '1', '--min-insync-replicas', '1');
    // Two by Kafka's own tools, as they stand there; the rest, which take a second of Java each, as the same requests.
    for (const tool of ['kafka-topics.sh', 'kafka-acls.sh'] as const) {
      await kafkaTool(tool, commands.find(([name]) => name === tool)?.slice(1) ?? []);
    }
    const first = commands.findIndex(([name]) => name === 'kafka-acls.sh');
    await carryOut(
      kafka,
      commands.filter((_, at) => at !== 0 && at !== first),
    );
    // A broker takes a moment to learn of rights.
    const opens = async (): Promise<boolean> => {
      await using opened = await openAs('live-gateway');
      return opened.log !== undefined;
    };
    await eventually(() => opens().catch(() => false), { within_ms: 30_000, what: 'rights that the broker knows' });
  }, 300_000);
  afterAll(() => kafka?.[Symbol.asyncDispose]());

  async function openAs(user: string, service = user): Promise<{ log: Log } & AsyncDisposable> {
    const directory = await createTempDirectory();
    const log = await openKafkaLog({
      brokers: [kafka.sasl_broker],
      sasl: { mechanism: 'plain', username: user, password: 'secret' },
      prefix: PREFIX,
      service,
      data_directory: directory.path,
      ...{ create_topics: false, replication_factor: 1, min_insync_replicas: 1 },
    });
    return {
      log,
      async [Symbol.asyncDispose]() {
        await log.close();
        await directory[Symbol.asyncDispose]();
      },
    };
  }

  test.each(SERVICES)(
    '%s, which may not make topics, has all that it needs: writes, state, positions, a group, what it reads',
    async (service) => {
      await using opened = await openAs(service);
      const { log } = opened;
      const own = topicCatalogue.find(({ owner }) => owner === service)?.name ?? '';
      await log.append([{ topic: own, key: 'k', value: Buffer.from('{}'), timestamp_ms: 1 }]);
      const group = `${service}.probe`;
      const [input = own] = readBy(service);
      await log.commit({
        appends: [{ topic: own, key: 'k', value: Buffer.from('{}'), timestamp_ms: 2 }],
        state: [{ store: 's', key: 'k', value: Buffer.from('v') }],
        positions: [{ group, topic: input, partition: 0, next_offset: offset(0), applied_above: [] }],
      });
      expect(await log.positions(group)).toHaveLength(1);
      for (const topic of readBy(service)) await log.tail(topic, 0);
      await assignment(log, group, input);
    },
    60_000,
  );

  test('a service can neither write what is another one’s nor read what isn’t meant for it', async () => {
    await expect(openAs('fraud-scoring', 'gps-rerouting')).rejects.toMatchObject({ code: 'NL-LOG-021' });
    await using opened = await openAs('fraud-scoring');
    const foreign = opened.log.read({ topic: topics.positions.name, partition: 0, from: offset(0) });
    await expect(foreign).rejects.toThrow();
  }, 60_000);
});

/** Joins a group, gets something to do, and leaves. */
async function assignment(log: Log, group: string, topic: string): Promise<void> {
  let assigned = (): void => undefined;
  const some = new Promise<void>((resolve) => (assigned = resolve));
  const member = await log.join({
    ...{ group, topics: [topic] },
    onAssigned: async () => assigned(),
    onRevoked: async () => undefined,
    onLost: () => undefined,
  });
  await some;
  await member.leave();
}

/** Every `topics.NAME` that the code of a service mentions, but for its tests. */
function mentionedBy(service: ServiceName): string[] {
  const directory = resolve('apps', service, 'src');
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const code = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'));
  const names = code.flatMap((file) => [...readFileSync(join(directory, file), 'utf8').matchAll(/\btopics\.(\w+)/g)]);
  const byName = new Map<string, (typeof topicCatalogue)[number]>(Object.entries(topics));
  const found = names.flatMap(([, name = '']) => byName.get(name) ?? []);
  return [...new Set(found.filter(({ owner }) => owner !== service).map(({ name }) => name))].sort();
}

test.each(['cdc-relay', 'fraud-scoring', 'inventory-sync', 'gps-rerouting'] as const)(
  'the rights of %s name the topics that its code reads, and no others',
  (service) => {
    expect([...readBy(service)].sort()).toEqual(mentionedBy(service));
  },
);
