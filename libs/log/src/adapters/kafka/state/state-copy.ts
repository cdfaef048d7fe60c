import { mkdirSync } from 'node:fs';
import { NervelineError, type StateWrite } from '@nerveline/kernel';
import { isAlive, ownIdentity } from '@nerveline/process-identity';
import { open, type Database, type RootDatabase } from 'lmdb';
import { z } from 'zod';
import type { StateReader } from '../../../ports/log';
import { behindPrefix, readStateKey, stateKey } from '../../embedded/keys';

const FORMAT = 1;
const HOLDER_KEY = Buffer.from('holder');
/** A part's number before each value. */
const PART_BYTES = 2;
/** Entries that one look takes: a scan that its caller stretches over seconds must not hold a snapshot. */
const SLICE_ENTRIES = 256;

const holderSchema = z.object({ format: z.int(), pid: z.int(), started: z.string() });

/** How far a part was read from the changelog. */
const partSchema = z.object({ number: z.int(), next_offset: z.int(), saved_ms: z.number() });
export type PartPosition = z.infer<typeof partSchema>;

/**
 * The local copy of the keyed state. A part is what one owner of a partition number writes; entries of parts that this
 * process doesn't own at the moment stay where they are, unseen, so that it reads only what is new when it gets one back.
 */
export class StateCopy implements StateReader {
  /** Numbers of the parts that reads see. */
  readonly #seen = new Set<number>();

  private constructor(
    private readonly root: RootDatabase<Buffer, Buffer>,
    private readonly entries: Database<Buffer, Buffer>,
    private readonly parts: Database<Buffer, Buffer>,
  ) {}

  /** @throws NervelineError `NL-LOG-006` newer format, `NL-LOG-010` another process has it */
  static async open(directory: string): Promise<StateCopy> {
    mkdirSync(directory, { recursive: true });
    const encoding = { encoding: 'binary', keyEncoding: 'binary' } as const;
    const root = open<Buffer, Buffer>({
      path: `${directory}/state.mdb`,
      ...encoding,
      overlappingSync: false,
      maxDbs: 4,
    });
    const held = root.get(HOLDER_KEY);
    const holder = held === undefined ? undefined : holderSchema.parse(JSON.parse(held.toString('utf8')));
    const refuse = async (code: 'NL-LOG-006' | 'NL-LOG-010', detail: string): Promise<never> => {
      await root.close();
      throw new NervelineError(code, { detail });
    };
    if (holder !== undefined && holder.format > FORMAT) {
      return refuse('NL-LOG-006', `${directory} is in format ${holder.format}, this version reads ${FORMAT}`);
    }
    if (holder !== undefined && holder.pid !== process.pid && isAlive(holder)) {
      return refuse('NL-LOG-010', `process ${holder.pid} has ${directory}`);
    }
    await root.put(HOLDER_KEY, Buffer.from(JSON.stringify({ format: FORMAT, ...ownIdentity() })));
    const entries = root.openDB<Buffer, Buffer>({ name: 'entries', ...encoding });
    return new StateCopy(root, entries, root.openDB<Buffer, Buffer>({ name: 'parts', ...encoding }));
  }

  /** How far the part was read; undefined when it never was. */
  positionOf(part: string): PartPosition | undefined {
    const bytes = this.parts.get(Buffer.from(part));
    return bytes === undefined ? undefined : partSchema.parse(JSON.parse(bytes.toString('utf8')));
  }

  show(part: string, visible: boolean): void {
    const number = this.numberOf(part);
    if (visible) this.#seen.add(number);
    else this.#seen.delete(number);
  }

  /** Entries and the position behind them, in one step. */
  async write(part: string, writes: readonly StateWrite[], next_offset: number): Promise<void> {
    const number = this.numberOf(part);
    await this.root.transaction(() => {
      for (const { store, key, value } of writes) {
        const at = stateKey(store, key);
        if (value !== null) void this.entries.put(at, stamped(number, value));
        else if (this.entries.get(at)?.readUInt16LE(0) === number) void this.entries.remove(at);
      }
      this.savePart(part, { number, next_offset, saved_ms: Date.now() });
    });
  }

  /** Forgets what is known of a part: it is read anew. */
  async clear(part: string): Promise<void> {
    const number = this.numberOf(part);
    await this.root.transaction(() => {
      for (const { key, value } of this.entries.getRange({})) {
        if (value.readUInt16LE(0) === number) void this.entries.remove(Buffer.from(key));
      }
      this.savePart(part, { number, next_offset: 0, saved_ms: 0 });
    });
  }

  get(store: string, key: string): Uint8Array | undefined {
    const value = this.entries.get(stateKey(store, key));
    return value !== undefined && this.#seen.has(value.readUInt16LE(0)) ? value.subarray(PART_BYTES) : undefined;
  }

  *scan(store: string, prefix: string): Generator<readonly [string, Uint8Array]> {
    const first = stateKey(store, prefix);
    const end = behindPrefix(first);
    for (let start: Buffer | undefined = first; start !== undefined;) {
      const slice: { key: Buffer; value: Buffer }[] = [
        ...this.entries.getRange({ start, end, limit: SLICE_ENTRIES }),
      ].map(({ key, value }) => ({ key: Buffer.from(key), value }));
      for (const { key, value } of slice) {
        if (this.#seen.has(value.readUInt16LE(0))) yield [readStateKey(key), value.subarray(PART_BYTES)];
      }
      const last: Buffer | undefined = slice.length < SLICE_ENTRIES ? undefined : slice.at(-1)?.key;
      start = last === undefined ? undefined : Buffer.concat([last, Buffer.from([0])]);
    }
  }

  async close(): Promise<void> {
    await this.root.remove(HOLDER_KEY);
    await this.root.close();
  }

  private numberOf(part: string): number {
    return this.positionOf(part)?.number ?? this.register(part);
  }

  private register(part: string): number {
    const number = this.parts.getCount();
    this.parts.putSync(
      Buffer.from(part),
      Buffer.from(JSON.stringify({ number, next_offset: 0, saved_ms: 0 } satisfies PartPosition)),
    );
    return number;
  }

  private savePart(part: string, position: PartPosition): void {
    void this.parts.put(Buffer.from(part), Buffer.from(JSON.stringify(position)));
  }
}

function stamped(number: number, value: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(PART_BYTES + value.length);
  bytes.writeUInt16LE(number, 0);
  bytes.set(value, PART_BYTES);
  return bytes;
}
