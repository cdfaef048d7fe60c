import { Checksum } from '../bench/nexmark/checksum';
import { queries, type QueryName, type Row } from '../bench/nexmark/queries';
import { referenceOf } from '../bench/nexmark/reference';
import { addRow, eventsOf, QueryRun } from '../bench/nexmark/rows';

const EVENTS = 24_000;
/** Slow enough that the events cover several windows. */
const RATE_PER_S = 800;

const names = Object.keys(queries) as QueryName[];
const sorted = (rows: readonly Row[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

function rowsOf(
  query: QueryName,
  input: ReturnType<typeof eventsOf>,
  options: { batch: number; out_of_orderness_ms: number },
) {
  const rows: Row[] = [];
  const run = new QueryRun(query, (row) => rows.push(row), options);
  for (let at = 0; at < input.length; at += options.batch) run.take(input.slice(at, at + options.batch));
  run.finish();
  return rows;
}

describe.each([
  ['in order', { group: 1, out_of_orderness_ms: 0 }],
  ['shuffled in groups of 1,000 that the watermark waits for', { group: 1_000, out_of_orderness_ms: 1_250 }],
  ['shuffled, with records that come too late', { group: 1_000, out_of_orderness_ms: 200 }],
])('events %s', (_how, { group, out_of_orderness_ms }) => {
  const input = eventsOf(0, EVENTS, { rate_per_s: RATE_PER_S, group });

  test.each(names)('%s gives the rows of the plain reference, exactly', (query) => {
    const rows = rowsOf(query, input, { batch: 1_000, out_of_orderness_ms });
    expect(rows.length).toBeGreaterThan(0);
    expect(sorted(rows)).toEqual(sorted(referenceOf(query, input, { out_of_orderness_ms })));
  });

  test.each(names)('%s gives the same rows in the same order in batches of 1, 7 and 5,000', (query) => {
    const whole = rowsOf(query, input, { batch: input.length, out_of_orderness_ms });
    for (const batch of [1, 7, 5_000]) expect(rowsOf(query, input, { batch, out_of_orderness_ms })).toEqual(whole);
  });
});

test('the checksum of rows does not depend on their order, and does on every cell', () => {
  const checksumOf = (rows: readonly Row[]) => {
    const checksum = new Checksum();
    for (const row of rows) addRow(checksum, row);
    return checksum.toString();
  };
  const second: Row = [2, '', 7];
  const rows: Row[] = [[1, 'one', 5_000_000_000], second];
  expect(checksumOf(rows)).toBe(checksumOf(rows.toReversed()));
  const others: Row[] = [
    [2, 'one', 5_000_000_000],
    [1, 'two', 5_000_000_000],
    [1, 'one', 5_000_000_001],
    // The same low 32 bits.
    [1, 'one', 705_032_704],
  ];
  for (const other of others) expect(checksumOf([other, second])).not.toBe(checksumOf(rows));
});
