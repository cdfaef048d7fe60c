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
import { answerTo, ownedBy, said, shares } from './log-members';

const PROGRAM = join(__dirname, 'log-kafka-member-program.ts');

/** A broker hands partitions over with the members' heartbeats, and waits for a session to end. */
const SHARED_WITHIN_MS = 30_000;

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
      await shares([a], [4], SHARED_WITHIN_MS);
      await using b = start(stage, 'b');
      const [, [partition = -1] = []] = await shares([a, b], [2, 2], SHARED_WITHIN_MS);
      expect(await answerTo(b, { commit: partition })).toEqual({ committed: 1 });
      expect(await answerTo(b, { commit: partition })).toEqual({ committed: 2 });
      b.kill('SIGKILL');
      await b.ended;
      await shares([a], [4], SHARED_WITHIN_MS);
      expect(await answerTo(a, { commit: partition })).toEqual({ committed: 3 });
      expect(await valuesOf(stage, partition)).toEqual(['b 1', 'b 2', 'a 3']);
    }, 90_000);

    test('one that was stopped for longer than its session commits nothing when it wakes', async () => {
      await using directory = await createTempDirectory();
      const stage = { client, prefix: newPrefix(), directory };
      await using a = start(stage, 'a');
      await shares([a], [4], SHARED_WITHIN_MS);
      await using b = start(stage, 'b');
      const [, [partition = -1] = []] = await shares([a, b], [2, 2], SHARED_WITHIN_MS);
      expect(await answerTo(b, { commit: partition })).toEqual({ committed: 1 });
      b.kill('SIGSTOP');
      await eventually(() => ownedBy(a).length === 4, { within_ms: 30_000 });
      expect(await answerTo(a, { commit: partition })).toEqual({ committed: 2 });
      // It hears of the commit before it hears that it slept.
      const late = answerTo(b, { commit: partition });
      b.kill('SIGCONT');
      expect(await late).toEqual({ refused: 'NL-LOG-004' });
      await eventually(() => said(b).some(({ lost }) => lost !== undefined), { within_ms: 20_000 });
      await shares([a, b], [2, 2], SHARED_WITHIN_MS);
      expect(await valuesOf(stage, partition)).toEqual(['b 1', 'a 2']);
    }, 90_000);
  });
});
