import fc from 'fast-check';
import type { FetchedBatch, WireRecord } from './broker-connection';
import type { Compression } from './compression';
import { decodeRecordBatches } from './record-batch-decoder';
import { encodeRecordBatch } from './record-batch-encoder';
import { readable } from '../fetch/aborted-filter';

const producer = { transactional_id: null, producer_id: 7n, epoch: 3 };
const place = { label: 't', partition: 2 };

const encode = (records: readonly WireRecord[], compression: Compression = 'none') =>
  encodeRecordBatch({ topic: 't', partition: 2, first_sequence: 0, records }, { producer, compression });

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }), { nil: null });
const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const headers = fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name, maxLength: 4 });
const record = fc.record({ key: bytes, value: bytes, headers, timestamp_ms: fc.integer({ min: 0, max: 2 ** 45 }) });

describe('record batches', () => {
  test.each(['none', 'gzip', 'lz4'] as const)('whatever is written (%s) is read', async (compression) => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 40 }), async (records) => {
        const [batch] = await decodeRecordBatches(await encode(records, compression), place);
        const read = batch?.records.map((each) => ({
          key: each.key === null ? null : [...each.key],
          value: each.value === null ? null : [...each.value],
          headers: each.headers,
          timestamp_ms: each.timestamp_ms,
        }));
        expect(read).toEqual(
          records.map((each) => ({
            key: each.key === null ? null : [...each.key],
            value: each.value === null ? null : [...each.value],
            headers: Object.fromEntries(each.headers.filter(([name]) => !name.startsWith('nl-'))),
            timestamp_ms: each.timestamp_ms,
          })),
        );
        expect(batch?.next_offset).toBe(records.length);
      }),
      { numRuns: 60 },
    );
  });

  test('a batch that is cut off at the end of an answer is left for the next one', async () => {
    const whole = await encode([{ key: null, value: Buffer.from('x'), headers: [], timestamp_ms: 1 }]);
    const cut = Buffer.concat([whole, whole.subarray(0, whole.length - 1)]);
    expect(await decodeRecordBatches(cut, place)).toHaveLength(1);
  });

  test('a batch with a wrong byte is refused, not read', async () => {
    const damaged = await encode([{ key: null, value: Buffer.from('hello'), headers: [], timestamp_ms: 1 }]);
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 3) ^ 1, damaged.length - 3);
    await expect(decodeRecordBatches(damaged, place)).rejects.toMatchObject({ code: 'NL-LOG-005' });
  });
});

describe('what a reader may see', () => {
  const batch = (first_offset: number, count: number, more: Partial<FetchedBatch> = {}): FetchedBatch => ({
    first_offset,
    next_offset: first_offset + count,
    producer_id: 1n,
    transactional: true,
    control: false,
    size_bytes: 0,
    records: Array.from({ length: count }, (_, i) => ({ ...place, topic: 't', offset: first_offset + i }) as never),
    ...more,
  });
  const answer = (batches: readonly FetchedBatch[], aborted: readonly number[] = []) => ({
    topic: 't',
    partition: 2,
    error: 0,
    stable_offset: 100,
    aborted: aborted.map((first_offset) => ({ producer_id: 1n, first_offset })),
    batches,
  });
  const offsets = (...parameters: Parameters<typeof readable>) => {
    const { records, next_offset } = readable(...parameters);
    return { offsets: records.map((each) => Number(each.offset)), next_offset };
  };

  test('not what a transaction left that was aborted, but what its producer commits behind the mark', () => {
    const mark = { control: true, records: [] };
    const batches = [batch(0, 2), batch(2, 1, mark), batch(3, 2), batch(5, 1, mark)];
    expect(offsets(answer(batches, [0]), 0)).toEqual({ offsets: [3, 4], next_offset: 6 });
  });

  test("not another producer's abort: its neighbour's records stay", () => {
    const batches = [batch(0, 1), batch(1, 1, { producer_id: 2n }), batch(2, 1, { control: true, records: [] })];
    expect(offsets(answer(batches, [0]), 0)).toEqual({ offsets: [1], next_offset: 3 });
  });

  test('an answer of nothing but a mark, or of a batch that compaction has emptied, leads behind it', () => {
    expect(offsets(answer([batch(4, 1, { control: true, records: [] })]), 4)).toEqual({ offsets: [], next_offset: 5 });
    expect(offsets(answer([batch(4, 6, { records: [] })]), 4)).toEqual({ offsets: [], next_offset: 10 });
  });

  test('a batch that begins below the offset that was asked for gives the rest of it only', () => {
    expect(offsets(answer([batch(0, 5)]), 3)).toEqual({ offsets: [3, 4], next_offset: 5 });
  });
});
