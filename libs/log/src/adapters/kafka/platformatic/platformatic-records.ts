import type { fetchV12, KafkaRecord, MessageRecord, RecordsBatch } from '@platformatic/kafka';
import { offset } from '@nerveline/kernel';
import type { LogRecord } from '../../../ports/log';
import type { FetchedBatch, FetchRequest, FetchResult, ProduceBatch } from '../wire/broker-connection';
import { withHeaders } from '../wire/record-batch-decoder';

const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

export function toMessages({ topic, partition, records }: ProduceBatch): MessageRecord[] {
  return records.map(({ key, value, headers, timestamp_ms }) => ({
    topic,
    partition,
    timestamp: BigInt(timestamp_ms),
    headers: new Map(headers.map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
    // The client writes null as Kafka does; its types just don't say so.
    ...({ key, value } as unknown as { readonly key: Buffer; readonly value: Buffer }),
  }));
}

export function toFetchResults(response: fetchV12.FetchResponse, { partitions }: FetchRequest): FetchResult[] {
  const labels = new Map(partitions.map(({ topic, label }) => [topic, label]));
  return response.responses.flatMap(({ topicId: topic, partitions: of_topic }) =>
    of_topic.map((result) => ({
      topic,
      partition: result.partitionIndex,
      error: response.errorCode || result.errorCode,
      stable_offset: Number(result.lastStableOffset),
      aborted: result.abortedTransactions.map(({ producerId, firstOffset }) => ({
        producer_id: producerId,
        first_offset: Number(firstOffset),
      })),
      batches: (result.records ?? []).map((batch) =>
        toBatch(batch, { label: labels.get(topic) ?? topic, partition: result.partitionIndex }),
      ),
    })),
  );
}

interface Place {
  readonly label: string;
  readonly partition: number;
}

function toBatch(batch: RecordsBatch, place: Place): FetchedBatch {
  const first_offset = Number(batch.firstOffset);
  const control = (batch.attributes & CONTROL) !== 0;
  const stamped = (batch.attributes & LOG_APPEND_TIME) !== 0;
  const times = {
    first_offset,
    first_timestamp_ms: Number(batch.firstTimestamp),
    appended_ms: stamped ? Number(batch.maxTimestamp) : undefined,
  };
  return {
    first_offset,
    next_offset: first_offset + batch.lastOffsetDelta + 1,
    producer_id: batch.producerId,
    transactional: (batch.attributes & TRANSACTIONAL) !== 0,
    control,
    size_bytes: control ? 0 : batch.length,
    records: control ? [] : batch.records.map((record) => toRecord(record, { ...place, ...times })),
  };
}

function toRecord(
  { key, value, headers, timestampDelta, offsetDelta }: KafkaRecord,
  batch: Place & { first_offset: number; first_timestamp_ms: number; appended_ms: number | undefined },
): LogRecord {
  const names: Record<string, string> = {};
  for (const [name, text] of headers) names[name?.toString('utf8') ?? ''] = text?.toString('utf8') ?? '';
  const timestamp_ms = batch.first_timestamp_ms + Number(timestampDelta);
  return {
    topic: batch.label,
    partition: batch.partition,
    offset: offset(batch.first_offset + offsetDelta),
    key,
    value,
    ...withHeaders(names, timestamp_ms, batch.appended_ms),
  };
}
