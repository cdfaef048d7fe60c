import { offset, type Offset, type StateWrite } from '@nerveline/kernel';
import type { Log } from '@nerveline/log';
import type { KeyedStore, KeyedWrite, StorePosition } from '../ports/keyed-store';

/** Holds the positions beside the entries of a store. */
const POSITIONS = '.positions';

/** State in the environment of the service's own log: it can ride in the commit of a processor's step. */
export class LmdbStore implements KeyedStore {
  #last: Promise<unknown> = Promise.resolve();

  /** @param name one for each store of the service */
  constructor(
    private readonly log: Pick<Log, 'commit' | 'state'>,
    private readonly name: string,
  ) {}

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.log.state.get(this.name, key);
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return keys.map((key) => this.log.state.get(this.name, key));
  }

  async *scan(prefix: string): AsyncGenerator<readonly [string, Uint8Array]> {
    yield* this.log.state.scan(this.name, prefix);
  }

  apply(writes: readonly KeyedWrite[], position: StorePosition): Promise<boolean> {
    // One after another: what is already applied is read from what is durable.
    const result = this.#last.then(() => this.applyNext(writes, position));
    this.#last = result.catch(() => undefined);
    return result;
  }

  /**
   * The same as writes for a commit of one's own, so that records, state and input position become durable in one step.
   * Empty when everything had been applied before.
   */
  stage(writes: readonly KeyedWrite[], position: StorePosition): StateWrite[] {
    const { topic, partition, next_offset } = position;
    const applied = this.appliedBelow(topic, partition);
    if (next_offset <= applied) return [];
    const fresh = writes.filter(({ offset: at }) => at >= applied);
    return [
      ...fresh.map(({ key, value }) => ({ store: this.name, key, value })),
      { store: this.name + POSITIONS, key: `${topic}/${partition}`, value: Buffer.from(`${next_offset}`) },
    ];
  }

  async position(topic: string, partition: number): Promise<Offset> {
    return this.appliedBelow(topic, partition);
  }

  /** The log stays open: it belongs to the service. */
  async close(): Promise<void> {
    await this.#last;
  }

  private async applyNext(writes: readonly KeyedWrite[], position: StorePosition): Promise<boolean> {
    const state = this.stage(writes, position);
    if (state.length === 0) return false;
    await this.log.commit({ state });
    return true;
  }

  private appliedBelow(topic: string, partition: number): Offset {
    const stored = this.log.state.get(this.name + POSITIONS, `${topic}/${partition}`);
    return offset(stored === undefined ? 0 : Number(Buffer.from(stored).toString()));
  }
}
