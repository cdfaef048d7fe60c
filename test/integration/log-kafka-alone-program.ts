import type { Ownership } from '@nerveline/kernel';
import { openServiceLog, type LogTopic } from '@nerveline/log';

/*
 * One of two instances of the service `writer`: `log-kafka-alone-program.ts BROKER PREFIX DIRECTORY NAME`. Says `{ standby }`
 * while the other works, `{ working, total, own }` when it works, with the counters that it found. Hears `{ add: N }`:
 * adds to one counter as the owner of a partition and to the other one without, and says `{ total, own }` or
 * `{ refused: [CODE of an append, CODE of a commit] }`. Says `{ broken: CODE }` when it may work no more.
 */
const say = (message: object): void => void process.send?.(message);

export const catalogue: readonly LogTopic[] = [
  { name: 'work', partitions: 4, owner: 'writer', retention: { kind: 'age', retention_ms: 3_600_000 } },
];

async function main([broker = '', prefix = '', directory = '', name = '']: readonly string[]): Promise<void> {
  const log = await openServiceLog({
    kafka: { brokers: [broker], prefix, session_ms: 1_500 },
    service: 'writer',
    catalogue,
    address: `test://${name}`,
    data_directory: directory,
    instance: name,
    working: 'one',
    stopping: new AbortController().signal,
    onConnection: () => undefined,
    onOpen: () => undefined,
    onStandby: () => say({ standby: name }),
    onBroken: ({ code }) => say({ broken: code }),
  });
  const counter = (key: string): number => Number(Buffer.from(log.state.get('count', key) ?? []).toString());
  const counters = () => ({ total: counter('total'), own: counter('own') });
  const owned = new Map<number, Ownership>();
  await log.join({
    group: 'writer.work',
    topics: ['work'],
    onAssigned: async (ownerships) => ownerships.forEach((ownership) => owned.set(ownership.partition, ownership)),
    onRevoked: async () => undefined,
    onLost: () => undefined,
  });
  const write = (key: string, add: number) => [{ store: 'count', key, value: Buffer.from(String(counter(key) + add)) }];
  const append = { topic: 'work', partition: 2, key: null, value: Buffer.from(name), timestamp_ms: 1 };
  const add = async (much: number): Promise<void> => {
    const ownership = owned.get(2);
    await log.commit({ state: write('total', much) });
    await log.commit({ ...(ownership && { ownership }), appends: [append], state: write('own', much) });
    say(counters());
  };
  say({ working: name, ...counters() });
  process.on('disconnect', () => process.exit(0));
  process.on('message', ({ add: much, leave }: { add?: number; leave?: true }) => {
    if (leave === true) void log.close().then(() => process.exit(0));
    if (much === undefined) return;
    add(much).catch(async (error: { code: string }) => {
      const refused = await log.append([append]).then(
        () => 'nothing',
        ({ code }: { code: string }) => code,
      );
      say({ refused: [refused, error.code] });
    });
  });
}

if (require.main === module) {
  main(process.argv.slice(2)).catch((error: Error) => {
    say({ failed: error.message });
    process.exitCode = 1;
  });
}
