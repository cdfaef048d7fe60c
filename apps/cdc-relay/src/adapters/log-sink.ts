import type { ChangeSink } from '@nerveline/cdc';
import { decodeJson, recordHeaders, topics, type RelayProgress, type SchemaChanged } from '@nerveline/contracts';
import type { OutRecord, RecordPosition } from '@nerveline/kernel';
import type { Log, LogRecord, PartitionRange } from '@nerveline/log';

const text = new TextDecoder();

/** The log as the relay sees it: where cdc and log, which don't know each other, are joined. */
export class LogSink implements ChangeSink {
  constructor(private readonly log: Log) {}

  write(records: readonly OutRecord[]): Promise<readonly RecordPosition[]> {
    return this.log.append(records);
  }

  async lastPosition(topic: string, partition: number): Promise<string | undefined> {
    const { last } = await this.log.tail(topic, partition);
    return last?.headers[recordHeaders.source_position];
  }

  async readProgress(slot: string): Promise<RelayProgress | undefined> {
    const topic = topics.relayProgress.name;
    const tail = await this.log.tail(topic, 0);
    if (tail.last !== undefined && isOf(tail.last, slot)) return decode(tail.last);
    // Another slot wrote last: ours is further down, or nowhere.
    let found: RelayProgress | undefined;
    for await (const record of this.#records(topic, tail)) if (isOf(record, slot)) found = decode(record) ?? found;
    return found;
  }

  async readSchemas(): Promise<readonly SchemaChanged[]> {
    const topic = topics.schemas.name;
    const last = new Map<string, SchemaChanged>();
    for await (const { value } of this.#records(topic, await this.log.tail(topic, 0))) {
      if (value === null) continue;
      const change = decodeJson(topics.schemas, value);
      last.set(change.table, change);
    }
    return [...last.values()];
  }

  async *#records(topic: string, { start_offset, next_offset: end }: PartitionRange): AsyncGenerator<LogRecord> {
    for (let from = start_offset; from < end;) {
      const { records, next_offset } = await this.log.read({ topic, partition: 0, from });
      if (next_offset === from) break;
      yield* records;
      from = next_offset;
    }
  }
}

const isOf = ({ key }: LogRecord, slot: string): boolean => key !== null && text.decode(key) === slot;

function decode({ value }: LogRecord): RelayProgress | undefined {
  return value === null ? undefined : decodeJson(topics.relayProgress, value);
}
