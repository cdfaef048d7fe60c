import { offset } from '@nerveline/kernel';
import type { EnvironmentFile } from './environment-file';
import { partitionKey } from './keys';
import { EMPTY_PARTITION, encodePartitionEntry } from './partition-entry';
import { RecordWatch } from './record-watch';

/** An environment in which each of these partitions of a topic has so many records. */
function environmentWith(counts: readonly number[]): EnvironmentFile {
  const entries = counts.map((count, partition) => ({
    key: partitionKey('topic', partition),
    value: encodePartitionEntry({ ...EMPTY_PARTITION, next_offset: offset(count) }),
  }));
  const partitions = { get: (wanted: Buffer) => entries.find(({ key }) => key.equals(wanted))?.value };
  return { partitions } as unknown as EnvironmentFile;
}

function watchers(watch: RecordWatch, count: number) {
  const woken: number[] = [];
  const errors: unknown[] = [];
  const all = Array.from({ length: count }, (_, partition) => ({
    position: { topic: 'topic', partition, next_offset: offset(3) },
    onRecord: () => void woken.push(partition),
    onError: (error: unknown) => void errors.push(error),
  }));
  for (const watcher of all) watch.add(watcher);
  return { all, woken, errors };
}

test('one look at the environment serves all who wait, and wakes those whose partition has a record', () => {
  const watch = new RecordWatch();
  const { woken } = watchers(watch, 16);
  const file = environmentWith(Array.from({ length: 16 }, (_, partition) => (partition === 7 ? 4 : 3)));
  let looks = 0;
  watch.look((look) => {
    looks += 1;
    return look(file);
  });
  expect({ looks, woken }).toEqual({ looks: 1, woken: [7] });
});

test('who has stopped to wait is not told, and without anybody nothing is looked at', () => {
  const watch = new RecordWatch();
  const { all, woken } = watchers(watch, 2);
  for (const watcher of all) watch.remove(watcher);
  watch.look(() => {
    throw new Error('looked');
  });
  expect(woken).toEqual([]);
});

test('an environment that cannot be read is an error of all who wait', () => {
  const watch = new RecordWatch();
  const { errors } = watchers(watch, 3);
  const failure = new Error('cannot be read');
  watch.look(() => {
    throw failure;
  });
  expect(errors).toEqual([failure, failure, failure]);
});
