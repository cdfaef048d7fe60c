import { wrappedRecordBytes } from '@nerveline/contracts';
import {
  NervelineError,
  type Commit,
  type InputPosition,
  type OutRecord,
  type RecordPosition,
  type StateWrite,
} from '@nerveline/kernel';
import { partitionFor } from '../../partitioner';
import type { Work } from './group-commit';
import { MAX_NAME_BYTES, MAX_STATE_KEY_BYTES, positionKey, stateKey } from './keys';
import type { LogTopics } from './log-topic';
import { encodeInputPosition } from './input-position';
import { prepareRecord, type PreparedRecord } from './record-batch';
import type { Write } from './staging';

interface Placement {
  readonly topic: string;
  readonly partition: number;
  readonly record: PreparedRecord;
}

/** Turns commits into work for the group commit. Whatever the caller did wrong is found here, before anything is staged. */
export class CommitPreparer {
  #keyless = 0;

  constructor(
    private readonly topics: LogTopics,
    private readonly service: string,
    private readonly max_record_bytes: number,
  ) {}

  /** @throws NervelineError `NL-LOG-001`, `NL-LOG-002`, `NL-LOG-007`, `NL-LOG-012`, `NL-LOG-014` */
  prepare(commit: Commit): Work<readonly RecordPosition[]> {
    const placements = (commit.appends ?? []).map((record) => this.place(record));
    const writes = [
      ...(commit.state ?? []).map(stateWrite),
      ...(commit.positions ?? []).map((position) => this.positionWrite(position)),
    ];
    let size_bytes = 0;
    for (const { record } of placements) size_bytes += record.size_bytes;
    for (const { key, value } of writes) size_bytes += key.length + (value?.length ?? 0);
    return {
      size_bytes,
      stage(staging) {
        if (commit.ownership !== undefined) staging.checkOwnership(commit.ownership);
        for (const write of writes) staging.write(write);
        return placements.map(({ topic, partition, record }) => ({
          topic,
          partition,
          offset: staging.append(topic, partition, record),
        }));
      },
    };
  }

  private place(out: OutRecord): Placement {
    const { name, partitions, wraps_records } = this.topics.findOwn(out.topic, this.service);
    const record = prepareRecord(out);
    const partition = out.partition ?? this.choosePartition(record.key, partitions);
    this.topics.findPartition(name, partition);
    const limit_bytes = wraps_records === true ? wrappedRecordBytes(this.max_record_bytes) : this.max_record_bytes;
    if (record.size_bytes > limit_bytes) {
      throw new NervelineError('NL-LOG-007', {
        detail: `a record of ${record.size_bytes} bytes for ${name}, the limit is ${limit_bytes} (max_record_bytes)`,
      });
    }
    return { topic: name, partition, record };
  }

  private choosePartition(key: Uint8Array | null, partitions: number): number {
    if (key !== null) return partitionFor(key, partitions);
    this.#keyless += 1;
    return this.#keyless % partitions;
  }

  private positionWrite(position: InputPosition): Write {
    checkGroup(position.group, this.service);
    this.topics.findPartition(position.topic, position.partition);
    const key = positionKey(position.group, position.topic, position.partition);
    return { store: 'positions', key, value: encodeInputPosition(position) };
  }
}

/** @throws NervelineError `NL-LOG-002`, `NL-LOG-014` */
export function checkGroup(group: string, service: string): void {
  if (!group.startsWith(`${service}.`)) {
    throw new NervelineError('NL-LOG-002', { detail: `group ${group} is not of ${service}` });
  }
  checkName(group);
}

function stateWrite({ store, key, value }: StateWrite): Write {
  checkName(store);
  const size_bytes = Buffer.byteLength(key);
  if (size_bytes > MAX_STATE_KEY_BYTES) {
    throw new NervelineError('NL-LOG-014', {
      detail: `a key of ${size_bytes} bytes in store ${store}, the limit is ${MAX_STATE_KEY_BYTES}`,
    });
  }
  return { store: 'state', key: stateKey(store, key), value };
}

/** Names end with a zero byte in keys, so they can't hold one. */
function checkName(name: string): void {
  if (name.length > 0 && Buffer.byteLength(name) <= MAX_NAME_BYTES && !name.includes('\0')) return;
  throw new NervelineError('NL-LOG-014', {
    detail: `a store or group is named by 1 to ${MAX_NAME_BYTES} bytes without zeros`,
  });
}
