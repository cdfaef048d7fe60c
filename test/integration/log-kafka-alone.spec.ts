import { join } from 'node:path';
import { openKafkaLog } from '@nerveline/log';
import { createTempDirectory, describeWithKafka, startProgram } from '@nerveline/testing';
import { catalogue } from './log-kafka-alone-program';
import { broker, newPrefix, START_TIMEOUT_MS, startBroker, stopBroker } from './log-kafka-place';

/** Two instances of a service of which one works at a time; the first one works. */
async function twoInstances() {
  const directory = await createTempDirectory();
  const prefix = newPrefix();
  const path = join(__dirname, 'log-kafka-alone-program.ts');
  const start = (name: string) => startProgram(path, [broker().broker, prefix, directory.path, name]);
  const first = start('first');
  expect(await first.next()).toEqual({ working: 'first', total: 0, own: 0 });
  first.tell({ add: 3 });
  expect(await first.next()).toEqual({ total: 3, own: 3 });
  const second = start('second');
  expect(await second.next()).toEqual({ standby: 'second' });
  return {
    first,
    second,
    start,
    prefix,
    [Symbol.asyncDispose]: async () => {
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

describeWithKafka('a service of which one instance works at a time', () => {
  beforeAll(() => startBroker(), START_TIMEOUT_MS);
  afterAll(stopBroker);

  test('hands over at once when the one that works stops, with all state, whoever of its parts wrote it', async () => {
    await using instances = await twoInstances();
    const { first, second } = instances;
    first.tell({ leave: true });
    expect(await first.ended).toBe(0);
    expect(await second.next()).toEqual({ working: 'second', total: 3, own: 3 });
    second.tell({ add: 4 });
    expect(await second.next()).toEqual({ total: 7, own: 7 });
  }, 60_000);

  test('goes on in the other instance when the one that works is killed, and loses nothing', async () => {
    await using instances = await twoInstances();
    const { first, second, start } = instances;
    first.kill('SIGKILL');
    expect(await second.next()).toEqual({ working: 'second', total: 3, own: 3 });
    second.tell({ add: 1 });
    expect(await second.next()).toEqual({ total: 4, own: 4 });
    await using third = start('third');
    expect(await third.next()).toEqual({ standby: 'third' });
  }, 60_000);

  test('one that was paused for longer than its session may neither append nor commit when it wakes', async () => {
    await using instances = await twoInstances();
    const { first, second } = instances;
    first.kill('SIGSTOP');
    expect(await second.next()).toEqual({ working: 'second', total: 3, own: 3 });
    first.tell({ add: 5 });
    first.kill('SIGCONT');
    const said = [await first.next(), await first.next()];
    expect(said).toContainEqual({ refused: ['NL-LOG-004', 'NL-LOG-004'] });
    expect(said).toContainEqual({ broken: 'NL-LOG-004' });
    second.tell({ add: 1 });
    expect(await second.next()).toEqual({ total: 4, own: 4 });
  }, 60_000);

  test('tells where the one that works answers, also for topics that no group of it reads', async () => {
    await using instances = await twoInstances();
    await using directory = await createTempDirectory();
    const { prefix } = instances;
    const catalogued = [...catalogue, { ...catalogue[0], name: 'other', partitions: 6, owner: 'writer' }];
    const reader = await openKafkaLog({
      brokers: [broker().broker],
      prefix,
      service: 'reader',
      data_directory: directory.path,
      catalogue: catalogued as typeof catalogue,
    });
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      expect(await reader.ownerOf('other', key)).toMatchObject({ address: 'test://first' });
    }
    await reader.close();
  }, 60_000);

  test('one that waits for its turn, or for a broker, gives up when its process is asked to stop', async () => {
    await using instances = await twoInstances();
    await using directory = await createTempDirectory();
    const { prefix } = instances;
    const waits = async (address: string, signal: AbortSignal, onStandby = () => undefined as void) =>
      openKafkaLog({
        brokers: [address],
        prefix,
        service: 'writer',
        data_directory: directory.path,
        catalogue,
        stopping: signal,
        onConnection: () => onStandby(),
        alone: { onStandby, onLost: () => undefined },
      });
    for (const address of [broker().broker, '127.0.0.1:1']) {
      const stopping = new AbortController();
      const opening = waits(address, stopping.signal, () => stopping.abort());
      await expect(opening).rejects.toMatchObject({ code: 'NL-LOG-015' });
    }
  }, 60_000);
});
