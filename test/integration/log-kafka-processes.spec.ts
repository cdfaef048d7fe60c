import { offset } from '@nerveline/kernel';
import { openKafkaLog } from '@nerveline/log';
import {
  createTempDirectory,
  describeWithKafka,
  eventually,
  startProgram,
  type TempDirectory,
  type TestProgram,
} from '@nerveline/testing';
import { join } from 'node:path';
import { broker, newPrefix, startBroker, START_TIMEOUT_MS, stopBroker } from './log-kafka-place';
import { catalogue } from './log-kafka-member-program';

const PROGRAM = join(__dirname, 'log-kafka-member-program.ts');

interface Message {
  readonly assigned?: number[];
  readonly revoked?: number[];
  readonly lost?: number[];
  readonly committed?: number;
  readonly refused?: string;
}

const said = (member: TestProgram) => member.messages as readonly Message[];

function ownedBy(member: TestProgram): number[] {
  const owned = new Set<number>();
  for (const { assigned = [], revoked = [], lost = [] } of said(member)) {
    for (const partition of [...revoked, ...lost]) owned.delete(partition);
    for (const partition of assigned) owned.add(partition);
  }
  return [...owned].sort((a, b) => a - b);
}

const shares = (members: readonly TestProgram[], sizes: readonly number[]) =>
  eventually(
    () => {
      const owned = members.map(ownedBy);
      const all = owned.flat().sort((a, b) => a - b);
      return all.join(' ') === '0 1 2 3' && owned.every(({ length }, i) => length === sizes[i]) ? owned : undefined;
    },
    { within_ms: 30_000, what: `shares of ${sizes.join(', ')}` },
  );

async function answerTo(member: TestProgram, partition: number): Promise<Message> {
  const before = said(member).length;
  member.tell({ commit: partition });
  const answers = () => said(member).slice(before);
  return eventually(
    () => answers().find(({ committed, refused }) => committed !== undefined || refused !== undefined),
    { within_ms: 20_000 },
  );
}

interface Stage {
  readonly client: 'kafkajs' | 'platformatic';
  readonly prefix: string;
  readonly directory: TempDirectory;
}

const start = ({ client, prefix, directory }: Stage, name: string): TestProgram =>
  startProgram(PROGRAM, [broker().broker, client, prefix, directory.path, name]);

async function valuesOf({ client, prefix, directory }: Stage, partition: number): Promise<string[]> {
  const reader = { brokers: [broker().broker], client, prefix, service: 'reader', data_directory: directory.path };
  const log = await openKafkaLog({ ...reader, catalogue });
  const values: string[] = [];
  const { next_offset } = await log.tail('work', partition);
  for (let from = offset(0); from < next_offset;) {
    const batch = await log.read({ topic: 'work', partition, from });
    values.push(...batch.records.map(({ key, value }) => `${String(key)} ${String(value)}`));
    from = batch.next_offset;
  }
  await log.close();
  return values;
}

describeWithKafka('members in processes of their own, on Apache Kafka', () => {
  beforeAll(() => startBroker(), START_TIMEOUT_MS);
  afterAll(stopBroker);

  describe.each(['kafkajs', 'platformatic'] as const)('with %s', (client) => {
    test('one that is killed loses its partitions, and its successor goes on from what it committed', async () => {
      await using directory = await createTempDirectory();
      const stage = { client, prefix: newPrefix(), directory };
      await using a = start(stage, 'a');
      await shares([a], [4]);
      await using b = start(stage, 'b');
      const [, [partition = -1] = []] = await shares([a, b], [2, 2]);
      expect(await answerTo(b, partition)).toEqual({ committed: 1 });
      expect(await answerTo(b, partition)).toEqual({ committed: 2 });
      b.kill('SIGKILL');
      await b.ended;
      await shares([a], [4]);
      expect(await answerTo(a, partition)).toEqual({ committed: 3 });
      expect(await valuesOf(stage, partition)).toEqual(['b 1', 'b 2', 'a 3']);
    }, 90_000);

    test('one that was stopped for longer than its session commits nothing when it wakes', async () => {
      await using directory = await createTempDirectory();
      const stage = { client, prefix: newPrefix(), directory };
      await using a = start(stage, 'a');
      await shares([a], [4]);
      await using b = start(stage, 'b');
      const [, [partition = -1] = []] = await shares([a, b], [2, 2]);
      expect(await answerTo(b, partition)).toEqual({ committed: 1 });
      b.kill('SIGSTOP');
      await eventually(() => ownedBy(a).length === 4, { within_ms: 30_000 });
      expect(await answerTo(a, partition)).toEqual({ committed: 2 });
      // It hears of the commit before it hears that it slept.
      const late = answerTo(b, partition);
      b.kill('SIGCONT');
      expect(await late).toEqual({ refused: 'NL-LOG-004' });
      await eventually(() => said(b).some(({ lost }) => lost !== undefined), { within_ms: 20_000 });
      await shares([a, b], [2, 2]);
      expect(await valuesOf(stage, partition)).toEqual(['b 1', 'a 2']);
    }, 90_000);
  });
});
