import { heldRecord, type HeldRecord } from '@nerveline/contracts';
import { NervelineError, offset, type Commit, type InputPosition, type RecordPosition } from '@nerveline/kernel';
import { partitionFor, type LogRecord } from '@nerveline/log';

export const TOPICS: Readonly<Record<string, number>> = {
  input: 2,
  side: 1,
  output: 2,
  parked: 2,
  dlq: 2,
};

/** What survives every crash. */
export class Disk {
  readonly topics = new Map<string, LogRecord[][]>(
    Object.entries(TOPICS).map(([name, count]) => [name, Array.from({ length: count }, () => [])]),
  );
  readonly positions = new Map<string, InputPosition>();
  readonly state = new Map<string, Uint8Array>();
  /** By partition number: who may commit. */
  readonly generations = new Map<number, number>();
  onAppend: () => void = () => undefined;

  partition(topic: string, partition: number): LogRecord[] {
    const records = this.topics.get(topic)?.[partition];
    if (records === undefined) throw new NervelineError('NL-LOG-001', { detail: `${topic}/${partition}` });
    return records;
  }

  apply(commit: Commit, now_ms: number, checks_generation = true): RecordPosition[] {
    const { ownership } = commit;
    if (checks_generation && ownership !== undefined) {
      const current = this.generations.get(ownership.partition);
      if (current !== ownership.generation)
        throw new NervelineError('NL-LOG-004', { detail: `generation ${ownership.generation}, now ${current}` });
    }
    for (const { store, key, value } of commit.state ?? []) {
      if (value === null) this.state.delete(`${store}/${key}`);
      else this.state.set(`${store}/${key}`, value);
    }
    for (const position of commit.positions ?? []) {
      this.positions.set(`${position.topic}/${position.partition}`, position);
    }
    const placed = (commit.appends ?? []).map((out) => {
      const partition = out.partition ?? partitionFor(out.key ?? '', TOPICS[out.topic] ?? 1);
      const records = this.partition(out.topic, partition);
      const at = offset(records.length);
      records.push({
        topic: out.topic,
        partition,
        offset: at,
        key: out.key === null ? null : Buffer.from(out.key),
        value: out.value,
        headers: out.headers ?? {},
        timestamp_ms: out.timestamp_ms,
        appended_ms: now_ms,
      });
      return { topic: out.topic, partition, offset: at };
    });
    this.onAppend();
    return placed;
  }

  /** What is held in a topic: the last record of each key that is no tombstone. */
  held(topic: string): Map<string, HeldRecord> {
    const held = new Map<string, HeldRecord>();
    for (const record of this.topics.get(topic)?.flat() ?? []) {
      const key = Buffer.from(record.key ?? []).toString();
      if (record.value === null) held.delete(key);
      else held.set(key, heldRecord.parse(JSON.parse(Buffer.from(record.value).toString())));
    }
    return held;
  }
}
