import { deserialize, serialize } from 'node:v8';
import { NervelineError, type StateWrite } from '@nerveline/kernel';
import type { StateReader } from '@nerveline/log';
import type { TaskSnapshot } from '../engine/task';

const FORMAT_VERSION = 1;
/** Below what any store takes as one value. */
const CHUNK_BYTES = 256 * 1_024;
const HEAD = 'head';

interface Head {
  readonly format_version: number;
  /** The topology that wrote it, as `describe()` gives it: another one's operators have other state. */
  readonly topology: string;
  readonly chunks: number;
}

const chunkKey = (chunk: number): string => `chunk/${String(chunk).padStart(6, '0')}`;
const storeOf = (group: string): string => `${group}.snapshot`;

/** The writes that put a snapshot in the place of the one before it. */
export function writesOf(
  group: string,
  { snapshot, topology, chunks_before }: { snapshot: TaskSnapshot; topology: string; chunks_before: number },
): { readonly writes: readonly StateWrite[]; readonly chunks: number } {
  const store = storeOf(group);
  const bytes = serialize(snapshot);
  const chunks = Math.ceil(bytes.length / CHUNK_BYTES);
  const head: Head = { format_version: FORMAT_VERSION, topology, chunks };
  const writes: StateWrite[] = [{ store, key: HEAD, value: Buffer.from(JSON.stringify(head)) }];
  for (let chunk = 0; chunk < Math.max(chunks, chunks_before); chunk += 1) {
    const value = chunk < chunks ? bytes.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES) : null;
    writes.push({ store, key: chunkKey(chunk), value });
  }
  return { writes, chunks };
}

/**
 * The snapshot that a group committed last; undefined when it is new.
 *
 * @throws NervelineError `NL-STR-009` when another topology or a newer version wrote it
 */
export function readSnapshot(
  state: StateReader,
  group: string,
  topology: string,
): { readonly snapshot: TaskSnapshot; readonly chunks: number } | undefined {
  const store = storeOf(group);
  const bytes = state.get(store, HEAD);
  if (bytes === undefined) return undefined;
  // Our own writing, of this version or an older one; the version is looked at first.
  const head = JSON.parse(Buffer.from(bytes).toString()) as Head;
  const refuse = (detail: string) => new NervelineError('NL-STR-009', { detail: `${group}: ${detail}` });
  if (head.format_version > FORMAT_VERSION)
    throw refuse(`format ${head.format_version} is newer than ${FORMAT_VERSION}`);
  if (head.topology !== topology)
    throw refuse(`it was written by another topology:\n${head.topology}\nthis one is\n${topology}`);
  const parts = Array.from({ length: head.chunks }, (_, chunk) => {
    const part = state.get(store, chunkKey(chunk));
    if (part === undefined) throw refuse(`part ${chunk} of ${head.chunks} is missing`);
    return part;
  });
  return { snapshot: deserialize(Buffer.concat(parts)) as TaskSnapshot, chunks: head.chunks };
}
