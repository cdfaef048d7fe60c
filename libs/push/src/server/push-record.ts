import {
  decodeJson,
  decodePositionFix,
  recordHeaders,
  vehicleId,
  type PushItem,
  type Topic,
} from '@nerveline/contracts';
import { splitTenantKey, type RecordHeaders } from '@nerveline/kernel';
import type { SourceRecord } from '../ports/record-source';
import { partitionId } from './position';

const utf8 = new TextDecoder();
/** What an item's other fields take on the wire, about. */
const ITEM_OVERHEAD_BYTES = 200;

/** A record on its way to clients: its tenant is known at once, its value is decoded once, when somebody wants it. */
export class PushRecord {
  readonly partition: number;
  /** `topic/partition` */
  readonly partition_id: string;
  readonly offset: number;
  readonly key: string | null;
  readonly tenant_id: string;
  readonly is_tombstone: boolean;
  /** What it takes on the wire, about. */
  readonly wire_bytes: number;
  readonly headers: RecordHeaders;
  readonly timestamp_ms: number;
  readonly appended_ms: number;
  #value: Uint8Array | null;
  #item: PushItem | undefined;

  constructor(
    readonly topic: Topic,
    source: SourceRecord,
  ) {
    this.partition = source.partition;
    this.partition_id = partitionId(source.topic, source.partition);
    this.offset = source.offset;
    this.key = source.key === null ? null : utf8.decode(source.key);
    this.tenant_id = this.key === null ? '' : (this.key.split('/', 1)[0] ?? '');
    this.is_tombstone = source.value === null;
    this.wire_bytes = ITEM_OVERHEAD_BYTES + (source.value?.length ?? 0) + (this.key?.length ?? 0);
    this.headers = source.headers;
    this.timestamp_ms = source.timestamp_ms;
    this.appended_ms = source.appended_ms;
    this.#value = source.value;
  }

  /** The same record with bytes of its own: a view would keep the whole batch that it was read with in memory. */
  detach(): this {
    if (this.#value !== null) this.#value = new Uint8Array(this.#value);
    return this;
  }

  /** @throws NervelineError `NL-LOG-011` when the value breaks its topic's schema */
  item(): PushItem {
    if (this.#item === undefined) {
      this.#item = this.#toItem();
      this.#value = null;
    }
    return this.#item;
  }

  #toItem(): PushItem {
    const committed_ms = Number(this.headers[recordHeaders.committed_ms]);
    return {
      topic: this.topic.name,
      partition: this.partition,
      offset: this.offset,
      key: this.key,
      event_ms: this.timestamp_ms,
      source_position: this.headers[recordHeaders.source_position] ?? null,
      committed_ms: Number.isFinite(committed_ms) ? committed_ms : null,
      value: this.#value === null ? null : this.#decode(this.#value),
    };
  }

  #decode(bytes: Uint8Array): unknown {
    switch (this.topic.encoding) {
      case 'json':
        return decodeJson(this.topic, bytes);
      case 'position-fix':
        return decodePositionFix(vehicleId.parse(splitTenantKey(this.key ?? '')[1]), bytes);
    }
  }
}

/** Orders what came from several partitions by the time of its append; within a partition the log's order stands. */
export function mergeByAppend(lists: readonly (readonly PushRecord[])[]): PushRecord[] {
  const filled = lists.filter((list) => list.length > 0);
  if (filled.length <= 1) return [...(filled[0] ?? [])];
  // The sort is stable, so records of one partition with one time keep their order.
  return filled.flat().sort((a, b) => a.appended_ms - b.appended_ms);
}
