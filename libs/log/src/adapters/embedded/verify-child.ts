import { statSync } from 'node:fs';
import { join } from 'node:path';
import { isNervelineError } from '@nerveline/kernel';
import { isAlive } from '@nerveline/process-identity';
import { EnvironmentFile } from './environment-file';
import { behindPrefix, offsetOfBatchKey, partitionKey, readPartitionKey } from './keys';
import { readLease } from './lease';
import { decodeRecords } from './batch-cursor';
import { readBatchHeader } from './record-batch';
import { indexOf, readAllSegments } from './segments';
import type { VerifyMessage } from './verify';

/** An environment up to this size is verified as a whole, at some 0.5 GB/s; of a larger one, the end of each partition. */
const WHOLE_MAX_BYTES = 512 * 1024 * 1024;
const TAIL_BATCHES = 256;

function verify(directory: string): void {
  const file = EnvironmentFile.openForReading(directory);
  if (file === undefined) return;
  // The writer lives: the environment isn't in an unclean state but in use, as the caller will find out.
  const lease = readLease(file);
  if (lease?.held === true && isAlive(lease)) return;
  const whole = statSync(join(directory, 'data.mdb')).size <= WHOLE_MAX_BYTES;
  for (const key of file.partitions.getKeys()) verifyPartition(file, readPartitionKey(key), whole);
  say({ kind: 'looking_at', place: 'the segments' });
  verifySegments(file);
  for (const store of ['positions', 'state'] as const) {
    say({ kind: 'looking_at', place: store });
    let size_bytes = 0;
    for (const { value } of file[store].getRange()) if ((size_bytes += value.length) > WHOLE_MAX_BYTES) break;
  }
  void file.close();
  say({ kind: 'looking_at', place: 'the pages that the next write needs' });
  EnvironmentFile.openForWriting(directory).rehearse();
}

function verifyPartition(
  file: EnvironmentFile,
  { topic, partition }: { topic: string; partition: number },
  whole: boolean,
): void {
  say({ kind: 'looking_at', place: `${topic}/${partition}` });
  const first = partitionKey(topic, partition);
  const end = behindPrefix(first);
  const range = whole ? { start: first, end } : { start: end, end: first, reverse: true, limit: TAIL_BATCHES };
  for (const { key, value } of file.batches.getRange(range)) {
    const header = readBatchHeader(value, `${topic}/${partition} at ${offsetOfBatchKey(key)}`);
    for (const _ of decodeRecords(value, { topic, partition, header }));
  }
}

/**
 * That they are there, whole, with their lists of batches. They were synced before the environment knew them and nobody
 * writes them, so a process that was killed or a power cut can't have damaged what is in them: each read checks that.
 */
function verifySegments(file: EnvironmentFile): void {
  for (const segment of readAllSegments(file)) indexOf(file, segment);
}

function say(message: VerifyMessage): void {
  process.send?.(message);
}

try {
  verify(process.argv[2] ?? '');
  say({ kind: 'sound' });
} catch (error) {
  const code = isNervelineError(error, 'NL-LOG-006') ? 'NL-LOG-006' : 'NL-LOG-005';
  say({ kind: 'damaged', code, detail: error instanceof Error ? error.message : String(error) });
}
process.disconnect();
