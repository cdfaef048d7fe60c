import type { Ownership } from '@nerveline/kernel';
import { openLog, type Log, type LogTopic } from '@nerveline/log';

/*
 * One of several processes of the service `writer`: `log-processes-member-program.ts DATA_DIRECTORY NAME DRAIN`. Joins
 * the group `writer.work` and says what it is told of its partitions: `{ assigned }`, `{ revoked }`, `{ lost }`.
 *
 * Hears `{ commit: PARTITION }`: appends a record under the last ownership of the partition that it knew, and says
 * `{ committed }` or `{ refused: CODE }`. `{ flood: N }`: appends to that partition without ownership, one record after
 * another, and says `{ appended }` with the number for each hundredth. `{ let_go: true }`: lets revoked partitions go; with
 * DRAIN `at_once` it doesn't wait for that. `{ leave: true }`, `{ close: true }`.
 */
export const PARTITIONS = 6;

export const catalogue: readonly LogTopic[] = [
  { name: 'work', partitions: PARTITIONS, owner: 'writer', retention: { kind: 'age', retention_ms: 3_600_000 } },
];

export const GROUP = 'writer.work';

interface Told {
  readonly commit?: number;
  readonly flood?: number;
  readonly let_go?: true;
  readonly leave?: true;
  readonly close?: true;
}

const say = (message: object): void => void process.send?.(message);

async function main([data_directory = '', name = '', drain = '']: readonly string[]): Promise<void> {
  const address = `test://${name}`;
  const log = await openLog({
    data_directory,
    service: 'writer',
    address,
    catalogue,
    shared: true,
    group_drain_ms: 1_500,
  });
  const known = new Map<number, Ownership>();
  let letGo: () => void = () => undefined;
  const partitionsOf = (ownerships: readonly Ownership[]) => ownerships.map(({ partition }) => partition);
  const member = await log.join({
    group: GROUP,
    topics: ['work'],
    async onAssigned(ownerships) {
      for (const ownership of ownerships) known.set(ownership.partition, ownership);
      say({ assigned: partitionsOf(ownerships) });
    },
    async onRevoked(ownerships) {
      say({ revoked: partitionsOf(ownerships) });
      if (drain !== 'at_once') await new Promise<void>((resolve) => (letGo = resolve));
    },
    onLost: (ownerships) => say({ lost: partitionsOf(ownerships) }),
  });
  say({ joined: name });
  process.on('disconnect', () => process.exit(0));
  process.on('message', (told: Told) => {
    if (told.commit !== undefined) void commit(log, told.commit, known.get(told.commit));
    if (told.flood !== undefined) void flood(log, told.flood, name);
    if (told.let_go) letGo();
    if (told.leave) void member.leave().then(() => say({ left: name }));
    if (told.close) void log.close().then(() => process.exit(0));
  });
}

const recordOf = (partition: number, text: string) => ({
  topic: 'work',
  partition,
  key: text,
  value: Buffer.from(text),
  timestamp_ms: 0,
});

async function commit(log: Log, partition: number, ownership: Ownership | undefined): Promise<void> {
  try {
    // In the same transaction as its neighbour, which must not suffer when this one is refused.
    const neighbour = log.append([recordOf(partition, 'neighbour')]);
    const [position] = await log.commit({ ...(ownership && { ownership }), appends: [recordOf(partition, 'owned')] });
    await neighbour;
    say({ committed: position?.offset });
  } catch (error) {
    say({ refused: error instanceof Error && 'code' in error ? error.code : String(error) });
  }
}

async function flood(log: Log, partition: number, name: string): Promise<void> {
  for (let i = 1; ; i += 1) {
    await log.append([recordOf(partition, `${name} ${i}`)]);
    if (i % 100 === 0) say({ appended: i });
  }
}

if (require.main === module) {
  main(process.argv.slice(2)).catch((error: Error) => {
    say({ failed: error.message });
    process.exitCode = 1;
  });
}
