import type { ChangeSink } from '@nerveline/cdc';
import { recordHeaders, topics, type RelayProgress, type SchemaChanged } from '@nerveline/contracts';
import {
  compareSourcePositions,
  offset,
  parseSourcePosition,
  type OutRecord,
  type RecordPosition,
  type SourcePosition,
} from '@nerveline/kernel';

/** A log in memory: what it holds survives the relay that wrote it, not the test. Faults are planted with its hooks. */
export class MemorySink implements ChangeSink {
  records: OutRecord[] = [];
  /** Sizes of the writes, in records. */
  readonly writes: number[] = [];
  /** Waited for before a write becomes durable: a gate, or an error. */
  beforeDurable: (records: readonly OutRecord[]) => Promise<void> | void = () => {};
  /** Writes that are not durable yet. */
  waiting = 0;
  /** Ends writes that a test left waiting. */
  cutOff: () => void = () => {};
  readonly #cutOff = new Promise<never>((_, reject) => {
    this.cutOff = () => reject(new Error('the test is over'));
  });
  readonly #tails = new Map<string, RecordPosition & { readonly position: string | undefined }>();

  constructor() {
    this.#cutOff.catch(() => {});
  }

  async write(records: readonly OutRecord[]): Promise<readonly RecordPosition[]> {
    this.waiting += 1;
    try {
      await Promise.race([this.beforeDurable(records), this.#cutOff]);
    } finally {
      this.waiting -= 1;
    }
    this.writes.push(records.length);
    return records.map((record) => this.#append(record));
  }

  #append(record: OutRecord): RecordPosition {
    const { topic, partition = 0 } = record;
    const name = `${topic}/${partition}`;
    const at = offset((this.#tails.get(name)?.offset ?? -1) + 1);
    this.records.push(record);
    this.#tails.set(name, { topic, partition, offset: at, position: record.headers?.[recordHeaders.source_position] });
    return { topic, partition, offset: at };
  }

  lastPosition(topic: string, partition: number): Promise<string | undefined> {
    return Promise.resolve(this.#tails.get(`${topic}/${partition}`)?.position);
  }

  readProgress(slot: string): Promise<RelayProgress | undefined> {
    const last = this.of(topics.relayProgress.name).findLast(({ key }) => key === slot);
    const bytes = last?.value;
    if (bytes === null || bytes === undefined) return Promise.resolve(undefined);
    return Promise.resolve(topics.relayProgress.schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))));
  }

  readSchemas(): Promise<readonly SchemaChanged[]> {
    const last = new Map(this.schemaChanges().map((change) => [change.table, change]));
    return Promise.resolve([...last.values()]);
  }

  /** Every change of a table's shape, in order. */
  schemaChanges(): SchemaChanged[] {
    const { name, schema } = topics.schemas;
    return this.of(name).map(({ value }) => schema.parse(JSON.parse(Buffer.from(value ?? []).toString('utf8'))));
  }

  /** Loses records, as a log does that was restored from an older copy. */
  forget(lost: (record: OutRecord) => boolean): void {
    const kept = this.records.filter((record) => !lost(record));
    this.records = [];
    this.#tails.clear();
    for (const record of kept) this.#append(record);
  }

  /** The records whose source position isn't behind that of the one before them in their partition; none, if all is well. */
  stepsBack(topic: string): OutRecord[] {
    const last = new Map<number, SourcePosition>();
    return this.of(topic).filter(({ partition = 0, headers }) => {
      const position = parseSourcePosition(headers?.[recordHeaders.source_position] ?? '');
      const before = last.get(partition);
      last.set(partition, position);
      return before !== undefined && compareSourcePositions(before, position) >= 0;
    });
  }

  /** Records of a topic in the order of their writes. */
  of(topic: string): readonly OutRecord[] {
    return this.records.filter((record) => record.topic === topic);
  }
}
