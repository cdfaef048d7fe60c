import Decoder from 'kafkajs/src/protocol/decoder';
import Encoder from 'kafkajs/src/protocol/encoder';
import { requests, type Protocol } from 'kafkajs/src/protocol/requests';
import { byTopic } from '../wire/by-topic';
import type { FetchRequest, FetchResult, OffsetResult, ProduceRequest } from '../wire/broker-connection';
import { decodeRecordBatches } from '../wire/record-batch-decoder';
import { encodeRecordBatch } from '../wire/record-batch-encoder';

/*
 * Requests that kafkajs hasn't, or whose answers it cuts short: its fetch hands out records without the batches that they
 * came in, and one partition that refuses hides what the others said.
 */

const PRODUCE = { apiKey: 0, apiVersion: 7, apiName: 'Produce' };
const FETCH_VERSION = 11;
const DESCRIBE_TRANSACTIONS = { apiKey: 65, apiVersion: 0, apiName: 'DescribeTransactions' };
const ALL_IN_SYNC = -1;

const keep = async (data: unknown): Promise<unknown> => data;

export function produceProtocol({ producer, compression, batches, timeout_ms }: ProduceRequest): Protocol {
  const encode = async (): Promise<Encoder> => {
    const encoder = new Encoder().writeString(producer.transactional_id).writeInt16(ALL_IN_SYNC).writeInt32(timeout_ms);
    const topics = byTopic(batches);
    encoder.writeInt32(topics.length);
    for (const [topic, of_topic] of topics) {
      encoder.writeString(topic).writeInt32(of_topic.length);
      for (const batch of of_topic) {
        const bytes = await encodeRecordBatch(batch, { producer, compression });
        encoder.writeInt32(batch.partition).writeInt32(bytes.length).writeBufferInternal(bytes);
      }
    }
    return encoder;
  };
  const decode = async (bytes: Buffer): Promise<readonly OffsetResult[]> => {
    const decoder = new Decoder(bytes);
    const topics = decoder.readArray(() => {
      const topic = decoder.readString();
      return decoder.readArray(() => {
        const partition = decoder.readInt32();
        const error = decoder.readInt16();
        const offset = Number(decoder.readInt64());
        // The time of the append and the first offset of the partition.
        decoder.readInt64();
        decoder.readInt64();
        return { topic, partition, error, offset };
      });
    });
    return topics.flat();
  };
  return { request: { ...PRODUCE, encode }, response: { decode, parse: keep } };
}

export function fetchProtocol({ partitions, max_wait_ms, max_bytes }: FetchRequest): Protocol {
  const labels = new Map(partitions.map(({ topic, label }) => [topic, label]));
  const topics = byTopic(partitions).map(([topic, of_topic]) => ({
    topic,
    partitions: of_topic.map((wanted) => ({
      partition: wanted.partition,
      fetchOffset: wanted.offset,
      maxBytes: wanted.max_bytes,
    })),
  }));
  const parameters = { replicaId: -1, maxWaitTime: max_wait_ms, minBytes: 1, maxBytes: max_bytes, topics };
  const { request } = protocolOf('Fetch', FETCH_VERSION, parameters);
  const decode = async (bytes: Buffer): Promise<readonly FetchResult[]> => {
    const decoder = new Decoder(bytes);
    decoder.readInt32();
    const error = decoder.readInt16();
    decoder.readInt32();
    const results = decoder.readArray(() => {
      const topic = decoder.readString();
      return decoder.readArray(() => readPartition(decoder, { topic, label: labels.get(topic) ?? topic, error }));
    });
    return Promise.all(results.flat());
  };
  return { request, response: { decode, parse: keep }, requestTimeout: max_wait_ms };
}

async function readPartition(
  decoder: Decoder,
  { topic, label, error }: { topic: string; label: string; error: number },
): Promise<FetchResult> {
  const partition = decoder.readInt32();
  const partition_error = decoder.readInt16();
  decoder.readInt64();
  const stable_offset = Number(decoder.readInt64());
  decoder.readInt64();
  const aborted = decoder.readArray(() => ({
    producer_id: BigInt(decoder.readInt64().toString()),
    first_offset: Number(decoder.readInt64()),
  }));
  decoder.readInt32();
  const bytes = decoder.readBytes();
  const batches = bytes === null ? [] : await decodeRecordBatches(bytes, { label, partition });
  return { topic, partition, error: error || partition_error, stable_offset, aborted, batches };
}

export interface TransactionState {
  readonly error: number;
  readonly state: string;
}

export function describeTransactionsProtocol(transactional_id: string): Protocol {
  const encode = async (): Promise<Encoder> => {
    const encoder = new Encoder().writeUVarIntBytes();
    encoder.writeUVarIntArray([new Encoder().writeUVarIntString(transactional_id)]);
    return encoder.writeUVarIntBytes();
  };
  const decode = async (bytes: Buffer): Promise<TransactionState> => {
    const decoder = new Decoder(bytes);
    decoder.readTaggedFields();
    decoder.readInt32();
    // How many: one, as many as were asked for.
    decoder.readUVarInt();
    const error = decoder.readInt16();
    decoder.readUVarIntString();
    return { error, state: decoder.readUVarIntString() ?? '' };
  };
  return { request: { ...DESCRIBE_TRANSACTIONS, encode }, response: { decode, parse: keep } };
}

/** A request of kafkajs, whose answer comes as it is, with its errors in it. */
export function protocolOf(name: string, version: number, parameters: object): Protocol {
  const make = requests[name]?.protocol({ version });
  if (make === undefined) throw new TypeError(`kafkajs has no request ${name}`);
  const protocol = make(parameters);
  return { ...protocol, response: { decode: protocol.response.decode, parse: keep } };
}
