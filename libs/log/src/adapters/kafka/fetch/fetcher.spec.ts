import { offset } from '@nerveline/kernel';
import type { LogRecord } from '../../../ports/log';
import { Cluster } from '../cluster/cluster';
import { OffsetLookup } from '../cluster/offset-lookup';
import { readKafkaSettings } from '../settings';
import type { BrokerConnection, FetchRequest, FetchResult, KafkaWire } from '../wire/broker-connection';
import { KafkaConnectionError, kafkaErrors } from '../wire/kafka-error';
import { Fetcher } from './fetcher';

const record: LogRecord = {
  ...{ topic: 'work', partition: 0, offset: offset(7), key: null, value: Buffer.from('seven') },
  ...{ headers: {}, timestamp_ms: 1, appended_ms: 1 },
};

const answer: FetchResult = {
  ...{ topic: 'work', partition: 0, error: 0, stable_offset: 8, aborted: [] },
  batches: [
    {
      ...{ first_offset: 7, next_offset: 8, producer_id: -1n, transactional: false, control: false, size_bytes: 5 },
      records: [record],
    },
  ],
};

/** A client without any limit of its own: its questions are answered as written; those without an answer stay open. */
class ScriptedWire implements KafkaWire {
  readonly asked: FetchRequest[] = [];
  hung_up = 0;

  constructor(private readonly answers: readonly (FetchResult | undefined)[]) {}

  async connect(): Promise<BrokerConnection> {
    let closed = false;
    let fail: (error: Error) => void = () => undefined;
    const open = new Promise<never>((_, reject) => (fail = reject));
    open.catch(() => undefined);
    const connection: Partial<BrokerConnection> = {
      metadata: async () => ({
        brokers: [{ node_id: 1, host: 'broker', port: 9092 }],
        topics: [{ topic: 'work', error: 0, partitions: [{ partition: 0, leader: 1, replicas: 1 }] }],
      }),
      fetch: (request) => {
        const result = this.answers[this.asked.length];
        this.asked.push(request);
        return result === undefined ? open : Promise.resolve([result]);
      },
      listOffsets: async (partitions) =>
        partitions.map(({ timestamp_ms, ...partition }) => ({
          ...{ ...partition, error: 0, offset: timestamp_ms === -1 ? 8 : 0 },
        })),
      close: () => {
        if (closed) return;
        closed = true;
        this.hung_up += 1;
        fail(new KafkaConnectionError('broker:9092', { cause: 'closed' }));
      },
    };
    return connection as BrokerConnection;
  }
}

test('a reader that was ahead of the end reads on when the end came up while the broker refused', async () => {
  const beyond = { ...answer, error: kafkaErrors.OFFSET_OUT_OF_RANGE, stable_offset: 6, batches: [] };
  const cluster = new Cluster(
    new ScriptedWire([beyond, answer]),
    readKafkaSettings({ brokers: ['broker:9092'] }),
    () => undefined,
  );
  const fetcher = new Fetcher(cluster, new OffsetLookup(cluster));
  const place = { topic: 'work', label: 'work', partition: 0, from: 7 };
  expect(await fetcher.wait([place], [new AbortController().signal])).toBe(true);
  const read = await fetcher.read(place, { max_bytes: 1_000, max_records: 10 });
  expect(read.records).toEqual([record]);
  fetcher.close();
  cluster.close();
});

describe('the watchdog of reading', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  test('a question that nobody answers is asked again over another connection, at the same position', async () => {
    const wire = new ScriptedWire([undefined, answer]);
    const settings = readKafkaSettings({ brokers: ['broker:9092'], silence_ms: 2_000, fetch_wait_ms: 100 });
    const cluster = new Cluster(wire, settings, () => undefined);
    const fetcher = new Fetcher(cluster, new OffsetLookup(cluster));
    const place = { topic: 'work', label: 'work', partition: 0, from: 7 };
    let woken: boolean | undefined;
    void fetcher.wait([place], [new AbortController().signal]).then((found) => (woken = found));

    await jest.advanceTimersByTimeAsync(2_000);
    expect({ asked: wire.asked.length, hung_up: wire.hung_up, woken }).toEqual({
      asked: 1,
      hung_up: 0,
      woken: undefined,
    });
    await jest.advanceTimersByTimeAsync(3_000);
    expect(woken).toBe(true);
    expect(wire.hung_up).toBe(1);
    expect(wire.asked.slice(0, 2).map(({ partitions }) => partitions[0]?.offset)).toEqual([7, 7]);
    const read = await fetcher.read(place, { max_bytes: 1_000, max_records: 10 });
    expect(read).toEqual({ records: [record], next_offset: 8, tail_offset: 8 });
    fetcher.close();
    cluster.close();
  });
});
