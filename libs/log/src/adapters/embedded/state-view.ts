import type { StateReader } from '../../ports/log';
import { behindPrefix, readStateKey, stateKey } from './keys';
import type { SharedEnvironment } from './shared-environment';

/** Entries that one look takes: a scan that its caller stretches over seconds must not hold a snapshot. */
const SLICE_ENTRIES = 256;

/** The keyed state of a service, in its environment. A service that has none yet reads it as empty. */
export class StateView implements StateReader {
  constructor(private readonly environment: SharedEnvironment) {}

  get(store: string, key: string): Uint8Array | undefined {
    if (!this.environment.exists) return undefined;
    return this.environment.read((file) => file.state.get(stateKey(store, key)));
  }

  *scan(store: string, prefix: string): Generator<readonly [string, Uint8Array]> {
    const first = stateKey(store, prefix);
    const end = behindPrefix(first);
    let start: Buffer | undefined = first;
    while (start !== undefined && this.environment.exists) {
      const slice = this.slice(start, end);
      for (const { key, value } of slice) yield [readStateKey(key), value];
      const last: Buffer | undefined = slice.length < SLICE_ENTRIES ? undefined : slice.at(-1)?.key;
      start = last === undefined ? undefined : Buffer.concat([last, Buffer.from([0])]);
    }
  }

  private slice(start: Buffer, end: Buffer): { key: Buffer; value: Buffer }[] {
    return this.environment.read((file) => [...file.state.getRange({ start, end, limit: SLICE_ENTRIES })]);
  }
}
