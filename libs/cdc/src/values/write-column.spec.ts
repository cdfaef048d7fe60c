import fc from 'fast-check';
import { columnToJson } from './column-json';
import { JsonWriter } from './json-writer';
import { columnWriter } from './write-column';

const OIDS = [16, 17, 20, 21, 23, 25, 26, 114, 700, 701, 1007, 1009, 1082, 1083, 1114, 1115, 1184, 1266, 1700, 99_999];
const number = (min: number, max: number, width: number) =>
  fc.integer({ min, max }).map((value) => String(value).padStart(width, '0'));
const fraction = fc.stringMatching(/^(\.\d{1,7})?$/);
const date = fc.tuple(number(1, 9999, 4), number(1, 12, 2), number(1, 28, 2)).map((parts) => parts.join('-'));
const clock = fc.tuple(number(0, 24, 2), number(0, 59, 2), number(0, 60, 2)).map((parts) => parts.join(':'));
const zone = fc.constantFrom('', '+00', '-00', '+05:30', '+02', ' BC', '+00 BC');
const moment = fc.tuple(date, clock, fraction, zone).map(([day, time, part, end]) => `${day} ${time}${part}${end}`);
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.string({ unit: 'binary-ascii' }),
  fc.bigInt().map(String),
  fc.double().map(String),
  fc.stringMatching(/^-?\d{0,3}\.?\d{0,3}(e[+-]?\d{0,2})?$/),
  fc.constantFrom('t', 'f', 'NaN', 'Infinity', '-Infinity', 'infinity', '-infinity', '', '\\x00ff', '{1,NULL,"a"}'),
  date,
  clock,
  moment,
);

/** What it gives, or that it refuses. */
function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return 'refused';
  }
}

const out = new JsonWriter();

describe('a column that is written from bytes to bytes', () => {
  it('is what the plain conversion through text gives, for every type, whatever the text', () => {
    const column = fc.tuple(fc.constantFrom(...OIDS), fc.constantFrom(-1, 0, 3, 6), text);
    fc.assert(
      fc.property(column, ([oid, modifier, value]) => {
        const plain = attempt(() => columnToJson(oid, modifier)(Buffer.from(value).toString()));
        const quick = attempt(() => {
          const bytes = Buffer.from(`<${value}>`);
          out.begin();
          columnWriter(oid, modifier)(out, bytes, 1, bytes.length - 1);
          return out.take().toString();
        });
        expect(quick).toBe(plain);
      }),
      { numRuns: 2_000 },
    );
  });

  it('of a timestamp is exact to the microsecond from year 1 to 9999', () => {
    fc.assert(
      fc.property(moment, fc.constantFrom(1114, 1184, 1082), (value, oid) => {
        const given = oid === 1184 ? value : oid === 1082 ? value.slice(0, 10) : value.slice(0, 26);
        const bytes = Buffer.from(given);
        const quick = attempt(() => {
          out.begin();
          columnWriter(oid, -1)(out, bytes, 0, bytes.length);
          return out.take().toString();
        });
        expect(quick).toBe(attempt(() => columnToJson(oid, -1)(given)));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('records in one slab after the other', () => {
  it('keep their bytes, whatever is written behind them', () => {
    const writer = new JsonWriter();
    const lengths = Array.from({ length: 400 }, (_, i) => (i * 7_919) % 9_000);
    const records = [...lengths, 1_000_000, 5].map((length, i) => {
      writer.begin();
      writer.text('dropped');
      writer.begin();
      const bytes = Buffer.alloc(length, i % 250);
      writer.raw(bytes);
      writer.digits(i, 3);
      return { record: writer.take(), expected: Buffer.concat([bytes, Buffer.from(String(i).padStart(3, '0'))]) };
    });
    for (const { record, expected } of records) expect(record.equals(expected)).toBe(true);
  });

  it.each([0, 9, 10, 99, 100, 12_345, 2 ** 32, Number.MAX_SAFE_INTEGER])('write %d as its digits', (value) => {
    const writer = new JsonWriter();
    writer.digits(value);
    expect(writer.take().toString()).toBe(String(value));
  });
});
