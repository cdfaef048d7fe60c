import { rmSync } from 'node:fs';
import { z } from 'zod';
import type { EnvironmentFile } from './environment-file';
import { behindPrefix, textPrefix } from './keys';

/** A process that writes an environment beside others. */
const writerSchema = z.object({
  id: z.string().min(1),
  pid: z.int(),
  started: z.string(),
  address: z.string(),
  /** The file that it touches to show that it is not only there but runs. */
  beat: z.string(),
});
export type WriterEntry = z.infer<typeof writerSchema>;

/**
 * Its LMDB version counts the transactions of writers in shared mode: each is bound to the count that it was staged on,
 * so nothing that it has read can have changed when it commits.
 */
export const SEQUENCE_KEY = Buffer.from('sequence');

const PREFIX = textPrefix('writer');

export const writerKey = (id: string): Buffer => Buffer.concat([PREFIX, Buffer.from(id)]);

/** In the order of their ids, which begin with the time of their start. */
export function readWriters(file: EnvironmentFile): WriterEntry[] {
  const entries = file.meta.getRange({ start: PREFIX, end: behindPrefix(PREFIX) });
  return [...entries].map(({ value }) => writerSchema.parse(JSON.parse(value.toString('utf8'))));
}

/** Inside a transaction. */
export function enterWriter(file: EnvironmentFile, writer: WriterEntry): void {
  file.meta.putSync(writerKey(writer.id), Buffer.from(JSON.stringify(writer)), 0);
}

/** Inside a transaction: takes away those that are gone, with the files that they touched; gives how many there were. */
export function removeWriters(file: EnvironmentFile, isGone: (writer: WriterEntry) => boolean): number {
  const gone = readWriters(file).filter(isGone);
  for (const writer of gone) {
    file.meta.removeSync(writerKey(writer.id));
    rmSync(writer.beat, { force: true });
  }
  return gone.length;
}
