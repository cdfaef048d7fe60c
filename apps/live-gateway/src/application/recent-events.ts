import { recordHeaders } from '@nerveline/contracts';
import type { RecordHeaders } from '@nerveline/kernel';

/** A record that passed lately, as far as its life is concerned. */
export interface RecentEvent {
  readonly topic: string;
  readonly owner: string;
  readonly partition: number;
  readonly offset: number;
  readonly tenant_id: string;
  readonly source_position: string | undefined;
  readonly committed_ms: number | undefined;
  readonly received_ms: number | undefined;
  readonly appended_ms: number;
  /** When it left for the clients; unknown for what passed before anybody watched. */
  readonly pushed_ms: number | undefined;
  /** Who took it into its state, and when that was seen; noted later than the rest. */
  taken?: { readonly group: string; readonly at_ms: number };
}

/** What {@link RecentEvents} takes in of a record. */
export interface PassingRecord {
  readonly topic: { readonly name: string; readonly owner: string };
  readonly partition: number;
  readonly offset: number;
  readonly tenant_id: string;
  readonly headers: RecordHeaders;
  readonly appended_ms: number;
}

const EVENTS_MAX = 10_000;

/** The last records that passed, found by the source change that caused them. */
export class RecentEvents {
  readonly #ring: (RecentEvent | undefined)[] = [];
  readonly #by_position = new Map<string, RecentEvent[]>();
  #next = 0;

  add(record: PassingRecord, pushed_ms: number | undefined): RecentEvent {
    const event = toEvent(record, pushed_ms);
    const oldest = this.#ring[this.#next];
    if (oldest !== undefined) this.#forget(oldest);
    this.#ring[this.#next] = event;
    this.#next = (this.#next + 1) % EVENTS_MAX;
    const { source_position } = event;
    if (source_position === undefined) return event;
    const related = this.#by_position.get(source_position);
    if (related === undefined) this.#by_position.set(source_position, [event]);
    else related.push(event);
    return event;
  }

  /** Everything that one source change brought about, as far as it is remembered. */
  causedBy(source_position: string): readonly RecentEvent[] {
    return this.#by_position.get(source_position) ?? [];
  }

  find(place: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
  }): RecentEvent | undefined {
    return this.#ring.find(
      (event) => event?.offset === place.offset && event.partition === place.partition && event.topic === place.topic,
    );
  }

  clear(): void {
    this.#ring.length = 0;
    this.#by_position.clear();
    this.#next = 0;
  }

  #forget(event: RecentEvent): void {
    if (event.source_position === undefined) return;
    const left = (this.#by_position.get(event.source_position) ?? []).filter((other) => other !== event);
    if (left.length === 0) this.#by_position.delete(event.source_position);
    else this.#by_position.set(event.source_position, left);
  }
}

export function toEvent(record: PassingRecord, pushed_ms: number | undefined): RecentEvent {
  return {
    topic: record.topic.name,
    owner: record.topic.owner,
    partition: record.partition,
    offset: record.offset,
    tenant_id: record.tenant_id,
    source_position: record.headers[recordHeaders.source_position],
    committed_ms: toTime(record.headers[recordHeaders.committed_ms]),
    received_ms: toTime(record.headers[recordHeaders.received_ms]),
    appended_ms: record.appended_ms,
    pushed_ms,
  };
}

function toTime(header: string | undefined): number | undefined {
  const time_ms = Number(header);
  return Number.isFinite(time_ms) && time_ms > 0 ? time_ms : undefined;
}
