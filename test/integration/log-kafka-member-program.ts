import type { Ownership } from '@nerveline/kernel';
import { openKafkaLog, type LogTopic } from '@nerveline/log';

/*
 * One of several processes of the service `writer`: `log-kafka-member-program.ts BROKER CLIENT PREFIX DIRECTORY NAME`. Joins
 * the group `writer.work` and says `{ assigned }`, `{ revoked }`, `{ lost }`. Hears `{ commit: PARTITION }`: commits a record
 * and a counter under the last ownership that it knew, and says `{ committed }` or `{ refused: CODE }`.
 */
export const catalogue: readonly LogTopic[] = [
  { name: 'work', partitions: 4, owner: 'writer', retention: { kind: 'age', retention_ms: 3_600_000 } },
];

const say = (message: object): void => void process.send?.(message);

async function main([
  broker = '',
  client = '',
  prefix = '',
  directory = '',
  name = '',
]: readonly string[]): Promise<void> {
  const log = await openKafkaLog({
    brokers: [broker],
    client: client === 'platformatic' ? 'platformatic' : 'kafkajs',
    prefix,
    service: 'writer',
    address: `test://${name}`,
    data_directory: `${directory}/${name}`,
    catalogue,
    session_ms: 1_000,
    drain_ms: 3_000,
  });
  const known = new Map<number, Ownership>();
  const numbers = (ownerships: readonly Ownership[]) => ownerships.map(({ partition }) => partition);
  await log.join({
    group: 'writer.work',
    topics: ['work'],
    async onAssigned(ownerships) {
      for (const ownership of ownerships) known.set(ownership.partition, ownership);
      say({ assigned: numbers(ownerships) });
    },
    async onRevoked(ownerships) {
      say({ revoked: numbers(ownerships) });
    },
    onLost: (ownerships) => say({ lost: numbers(ownerships) }),
  });
  say({ joined: name });
  process.on('disconnect', () => process.exit(0));
  process.on('message', ({ commit: partition }: { commit?: number }) => {
    const ownership = partition === undefined ? undefined : known.get(partition);
    if (partition === undefined || ownership === undefined) return;
    const count = Number(Buffer.from(log.state.get('count', `${partition}`) ?? []).toString()) + 1;
    log
      .commit({
        ownership,
        appends: [{ topic: 'work', partition, key: name, value: Buffer.from(`${count}`), timestamp_ms: 1 }],
        state: [{ store: 'count', key: `${partition}`, value: Buffer.from(`${count}`) }],
      })
      .then(
        () => say({ committed: count }),
        (error: { code?: string; message: string }) => say({ refused: error.code ?? error.message }),
      );
  });
}

if (require.main === module) {
  main(process.argv.slice(2)).catch((error: Error) => {
    say({ failed: error.message });
    process.exitCode = 1;
  });
}
