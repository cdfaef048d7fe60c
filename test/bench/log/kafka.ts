import { join } from 'node:path';
import { openKafkaLog, processor, type Log } from '@nerveline/log';
import { createTempDirectory, startKafka } from '@nerveline/testing';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { round } from '../percentiles';
import { median } from './bench-catalogue';
import { catalogue, failures, ROUNDS } from './kafka-catalogue';
import { measureKafkaDelivery } from './kafka-delivery';

const RECORDS = 200_000;
const RECORD_BYTES = 200;
const BATCH_RECORDS = 2_000;

const value = Buffer.alloc(RECORD_BYTES, 'x');
const keys = Array.from({ length: 1_000 }, (_, i) => `demo/${i}`);

/**
 * The log on a real Kafka beside bare kafkajs on the same broker: idempotent appends acknowledged by all, uncompressed on
 * both sides; what was appended read from the beginning, through a processor and by eachBatch; and the way from an append
 * to a handler in another process at 1,000 records/s.
 */
export async function measureKafka(): Promise<Record<string, number>> {
  await using kafka = await startKafka();
  await using directory = await createTempDirectory();
  const base = { brokers: [kafka.broker], catalogue, data_directory: directory.path };
  const writer = await openKafkaLog({ ...base, service: 'bench-writer', compression: 'none' });
  const raw = new Kafka({ brokers: [kafka.broker], logLevel: logLevel.NOTHING });
  const reader = await openKafkaLog({ ...base, service: 'bench-reader' });
  try {
    const bulk = await measureBulk({ writer, reader, raw });
    const other = { broker: kafka.broker, directory: join(directory.path, 'delivery') };
    return { ...bulk, ...(await measureKafkaDelivery(writer, other)) };
  } finally {
    await reader.close();
    await writer.close();
  }
}

interface Sides {
  readonly writer: Log;
  readonly reader: Log;
  readonly raw: Kafka;
}

async function measureBulk({ writer, reader, raw }: Sides): Promise<Record<string, number>> {
  const rounds: { produced: number[]; consumed: number[] }[] = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    const [ours, theirs] = [`bulk${i * 2}`, `bulk${i * 2 + 1}`];
    // Each goes first once and again: whoever is second finds the broker warm.
    const reversed = i % 2 === 1;
    const produced = await inTurn([() => appendAll(writer, ours), () => produceAll(raw, theirs)], reversed);
    // The same bytes for both: what the log has written.
    const consumed = await inTurn([() => processAll(reader, ours), () => consumeAll(raw, ours)], reversed);
    rounds.push({ produced, consumed });
  }
  const middle = (of: (one: (typeof rounds)[number]) => number | undefined): number =>
    median(rounds.map((one) => of(one) ?? Number.NaN));
  return {
    kafka_produce_per_s: middle(({ produced: [ours] }) => ours),
    kafkajs_produce_per_s: middle(({ produced: [, theirs] }) => theirs),
    kafka_consume_per_s: middle(({ consumed: [ours] }) => ours),
    kafkajs_consume_per_s: middle(({ consumed: [, theirs] }) => theirs),
    kafka_produce_ratio: round(middle(({ produced: [ours = 0, theirs = 0] }) => ours / theirs)),
    kafka_consume_ratio: round(middle(({ consumed: [ours = 0, theirs = 0] }) => ours / theirs)),
  };
}

async function inTurn(steps: readonly (() => Promise<number>)[], reversed: boolean): Promise<number[]> {
  const results: number[] = [];
  for (const i of reversed ? [1, 0] : [0, 1]) results[i] = (await steps[i]?.()) ?? 0;
  return results;
}

const rate = (begun_ms: number): number => Math.round(RECORDS / ((performance.now() - begun_ms) / 1_000));

async function appendAll(log: Log, topic: string): Promise<number> {
  const batch = Array.from({ length: BATCH_RECORDS }, (_, i) => ({
    topic,
    key: keys[i % keys.length] ?? '',
    value,
    timestamp_ms: i,
  }));
  const begun_ms = performance.now();
  for (let i = 0; i < RECORDS; i += BATCH_RECORDS) await log.append(batch);
  return rate(begun_ms);
}

async function produceAll(raw: Kafka, topic: string): Promise<number> {
  const producer = raw.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const messages = Array.from({ length: BATCH_RECORDS }, (_, i) => ({ key: keys[i % keys.length] ?? '', value }));
  const begun_ms = performance.now();
  for (let i = 0; i < RECORDS; i += BATCH_RECORDS) await producer.send({ topic, messages, acks: -1 });
  const per_s = rate(begun_ms);
  await producer.disconnect();
  return per_s;
}

/** From the first record on: joining a group or asking for metadata is not what is measured. Positions are committed. */
async function processAll(log: Log, topic: string): Promise<number> {
  let begun_ms = 0;
  let count = 0;
  let finish: (per_s: number) => void = () => undefined;
  const handled = new Promise<number>((resolve) => (finish = resolve));
  const running = processor(log, {
    group: `bench-reader.${topic}`,
    topics: [topic],
    from: 'earliest',
    failures,
    handle() {
      if (begun_ms === 0) begun_ms = performance.now();
      count += 1;
      if (count === RECORDS) finish(rate(begun_ms));
    },
  });
  const per_s = await Promise.race([handled, running.done.then(() => Number.NaN)]);
  await running.stop();
  return per_s;
}

async function consumeAll(raw: Kafka, topic: string): Promise<number> {
  const consumer = raw.consumer({ groupId: `bench-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let begun_ms = 0;
  let count = 0;
  const per_s = await new Promise<number>((resolve, reject) => {
    const eachBatch = async ({ batch }: { batch: { messages: readonly unknown[] } }): Promise<void> => {
      if (begun_ms === 0) begun_ms = performance.now();
      count += batch.messages.length;
      if (count >= RECORDS) resolve(rate(begun_ms));
    };
    consumer.run({ eachBatch }).catch(reject);
  });
  await consumer.disconnect();
  return per_s;
}
