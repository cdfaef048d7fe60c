import type { InputPosition, StateWrite } from '@nerveline/kernel';
import { readStateKey } from '../adapters/embedded/keys';
import type { SharedEnvironment } from '../adapters/embedded/shared-environment';
import type { Cluster } from '../adapters/kafka/cluster/cluster';
import type { OffsetLookup } from '../adapters/kafka/cluster/offset-lookup';
import type { Fetcher } from '../adapters/kafka/fetch/fetcher';
import { encodeApplied } from '../adapters/kafka/position-metadata';
import { groupRecords, TransactionProducer } from '../adapters/kafka/produce/transaction';
import { decodeChange, encodeChange } from '../adapters/kafka/state/changelog-codec';
import type { KafkaNames } from '../adapters/kafka/topic-names';
import type { CommittedOffset } from '../adapters/kafka/wire/broker-connection';
import { partitionFor } from '../partitioner';

const SLICE_ENTRIES = 1_000;
const TRANSACTION_BYTES = 4 * 1024 * 1024;
const READ = { max_bytes: 4 * 1024 * 1024, max_records: 50_000 };

export interface StateMoverParts {
  readonly cluster: Cluster;
  readonly lookup: OffsetLookup;
  readonly fetcher: Fetcher;
  readonly names: KafkaNames;
  readonly changelog_partitions: number;
}

/** Carries a service's keyed state into its changelog, and the positions of its groups to the brokers. */
export class StateMover {
  constructor(private readonly parts: StateMoverParts) {}

  /**
   * The state first, the positions last: who starts in between reads again what its state has, never the other way round.
   *
   * @returns how many entries there are
   */
  async move(environment: SharedEnvironment, positions: readonly InputPosition[]): Promise<number> {
    const { cluster, names } = this.parts;
    const producer = new TransactionProducer(cluster, names.sole_writer);
    await producer.begin();
    const gone = await this.changelog();
    let entries = 0;
    let waiting: StateWrite[] = [];
    let size_bytes = 0;
    const send = async (): Promise<void> => {
      if (waiting.length > 0) await producer.commit({ records: this.recordsOf(waiting), offsets: new Map() });
      waiting = [];
      size_bytes = 0;
    };
    for (const write of scanState(environment)) {
      entries += 1;
      gone.delete(idOf(write));
      waiting.push(write);
      size_bytes += write.key.length + (write.value?.length ?? 0);
      if (size_bytes > TRANSACTION_BYTES) await send();
    }
    // Of an earlier try, after which the service went on without Kafka.
    waiting.push(...[...gone.values()].map(({ store, key }) => ({ store, key, value: null })));
    await send();
    await producer.commit({ records: [], offsets: this.offsetsOf(positions) });
    return entries;
  }

  /** What the changelog says at the moment, by store and key. */
  async changelog(): Promise<Map<string, StateWrite>> {
    const { lookup, fetcher, names, changelog_partitions } = this.parts;
    const entries = new Map<string, StateWrite>();
    const topic = names.changelog;
    for (let partition = 0; partition < changelog_partitions; partition += 1) {
      const { start, end } = await lookup.range({ topic, partition });
      // What it read before ended sooner: without it, it would say that there is no more.
      fetcher.noteEnd(topic, partition, end);
      for (let from = start; from < end;) {
        const batch = await fetcher.read({ topic, label: topic, partition, from }, READ);
        for (const { store, key, value } of batch.records.map(decodeChange)) {
          if (value === null) entries.delete(idOf({ store, key }));
          else entries.set(idOf({ store, key }), { store, key, value: Uint8Array.from(value) });
        }
        from = batch.next_offset;
      }
    }
    return entries;
  }

  private recordsOf(writes: readonly StateWrite[]) {
    const { names, changelog_partitions } = this.parts;
    return groupRecords(
      writes.map((write) => ({
        topic: names.changelog,
        // As a commit without ownership has it.
        partition: partitionFor(idOf(write), changelog_partitions),
        ...encodeChange(write, ''),
      })),
    );
  }

  private offsetsOf(positions: readonly InputPosition[]) {
    const { names } = this.parts;
    const groups = new Map<string, CommittedOffset[]>();
    for (const position of positions) {
      const group = names.broker(position.group);
      const { partition, next_offset } = position;
      const committed = { topic: names.broker(position.topic), partition, offset: next_offset };
      groups.set(group, [...(groups.get(group) ?? []), { ...committed, metadata: encodeApplied(position) }]);
    }
    return groups;
  }
}

/** Every entry of a service's state, in short looks. */
export function* scanState(environment: SharedEnvironment): Generator<StateWrite> {
  for (let start: Buffer | undefined = Buffer.alloc(0); start !== undefined;) {
    const from: Buffer = start;
    const slice: { key: Buffer; value: Buffer }[] = environment.read((file) =>
      [...file.state.getRange({ start: from, limit: SLICE_ENTRIES })].map(({ key, value }) => ({
        key: Buffer.from(key),
        value: Buffer.from(value),
      })),
    );
    for (const { key, value } of slice) {
      yield { store: key.toString('utf8', 0, key.indexOf(0)), key: readStateKey(key), value };
    }
    const last: Buffer | undefined = slice.length < SLICE_ENTRIES ? undefined : slice.at(-1)?.key;
    start = last === undefined ? undefined : Buffer.concat([last, Buffer.from([0])]);
  }
}

export const idOf = ({ store, key }: Pick<StateWrite, 'store' | 'key'>): string => `${store}\0${key}`;
