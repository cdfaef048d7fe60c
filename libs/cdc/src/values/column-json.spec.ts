import { parseExactJson } from '@nerveline/contracts';
import fc from 'fast-check';
import { columnToJson } from './column-json';

const OIDS = { bool: 16, bytea: 17, int8: 20, int4: 23, text: 25, json: 114, float4: 700, float8: 701, date: 1082 };
const TIMES = { time: 1083, timestamp: 1114, timestamptz: 1184, timetz: 1266, interval: 1186 };
const ARRAYS = { bools: 1000, texts: 1009, int8s: 1016, timestamps: 1115, numerics: 1231 };

const json = (type_oid: number, text: string, type_modifier = -1) => columnToJson(type_oid, type_modifier)(text);

describe('exact values', () => {
  it.each([
    ['bool', OIDS.bool, 't', 'true'],
    ['bool', OIDS.bool, 'f', 'false'],
    ['int8, largest', OIDS.int8, '9223372036854775807', '9223372036854775807'],
    ['int8, smallest', OIDS.int8, '-9223372036854775808', '-9223372036854775808'],
    ['int8, first that a number rounds', OIDS.int8, '9007199254740993', '9007199254740993'],
    ['float8', OIDS.float8, '1.7976931348623157e+308', '1.7976931348623157e+308'],
    ['float8, smallest', OIDS.float8, '5e-324', '5e-324'],
    ['float8, negative zero', OIDS.float8, '-0', '-0'],
    ['float8, not a number', OIDS.float8, 'NaN', '"NaN"'],
    ['float4, infinite', OIDS.float4, '-Infinity', '"-Infinity"'],
    ['numeric', 1700, '12345678901234567890.12345678901234567890', '"12345678901234567890.12345678901234567890"'],
    ['numeric, scale kept', 1700, '1.500', '"1.500"'],
    ['text', OIDS.text, 'a"b\\c\n\u2028', JSON.stringify('a"b\\c\n\u2028')],
    ['uuid', 2950, '6f9619ff-8b86-d011-b42d-00c04fc964ff', '"6f9619ff-8b86-d011-b42d-00c04fc964ff"'],
    ['json, as text', OIDS.json, '{"a": 1}', '"{\\"a\\": 1}"'],
    ['bytea', OIDS.bytea, '\\x00ff10', '"AP8Q"'],
    ['bytea, empty', OIDS.bytea, '\\x', '""'],
    ['interval', TIMES.interval, 'P1Y2M3DT4H5M6.789S', '"P1Y2M3DT4H5M6.789S"'],
    ['a type that nobody knows', 99_999, 'whatever', '"whatever"'],
  ])('%s', (_name, oid, text, expected) => expect(json(oid, text)).toBe(expected));

  it('of any int8 survive the wire', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value) => {
        const read = parseExactJson(json(OIDS.int8, String(value)));
        expect(typeof read === 'number' ? BigInt(read) : read).toBe(value);
      }),
    );
  });

  it('of any text survive the wire', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(parseExactJson(json(OIDS.text, text))).toBe(text)));
  });
});

describe('times', () => {
  it.each([
    ['date', OIDS.date, '1970-01-01', -1, '0'],
    ['date before the epoch', OIDS.date, '1969-12-31', -1, '-1'],
    ['date, leap day', OIDS.date, '2024-02-29', -1, '19782'],
    ['date, first of PostgreSQL', OIDS.date, '4713-01-01 BC', -1, '-2440550'],
    ['date, last of PostgreSQL', OIDS.date, '5874897-12-31', -1, '2145042905'],
    ['date, infinite', OIDS.date, 'infinity', -1, '2147483647'],
    ['timestamp, microseconds', TIMES.timestamp, '2026-01-02 03:04:05.000001', -1, '1767323045000001'],
    ['timestamp(6)', TIMES.timestamp, '2026-01-02 03:04:05.5', 6, '1767323045500000'],
    ['timestamp(3), milliseconds', TIMES.timestamp, '2026-01-02 03:04:05.678', 3, '1767323045678'],
    ['timestamp(0)', TIMES.timestamp, '1969-12-31 23:59:59', 0, '-1000'],
    ['timestamp, last of PostgreSQL', TIMES.timestamp, '294276-12-31 23:59:59.999999', -1, '9224318015999999999'],
    ['timestamp, BC', TIMES.timestamp, '0001-12-31 00:00:00 BC', -1, '-62135683200000000'],
    ['timestamp, infinite', TIMES.timestamp, '-infinity', -1, '-9223372036832400000'],
    ['time', TIMES.time, '23:59:59.999999', -1, '86399999999'],
    ['time, end of day', TIMES.time, '24:00:00', -1, '86400000000'],
    ['time(3)', TIMES.time, '00:00:01.5', 3, '1500'],
    ['timestamptz', TIMES.timestamptz, '2026-01-02 03:04:05.123456+00', -1, '"2026-01-02T03:04:05.123456Z"'],
    ['timestamptz, whole second', TIMES.timestamptz, '2026-01-02 03:04:05+00', -1, '"2026-01-02T03:04:05Z"'],
    ['timestamptz, 1 BC is year 0', TIMES.timestamptz, '0001-03-15 00:00:00+00 BC', -1, '"0000-03-15T00:00:00Z"'],
    ['timestamptz, far', TIMES.timestamptz, '12026-01-01 00:00:00+00', -1, '"+12026-01-01T00:00:00Z"'],
    ['timestamptz, infinite', TIMES.timestamptz, 'infinity', -1, '"infinity"'],
    ['timetz', TIMES.timetz, '01:30:00+02', -1, '"23:30:00Z"'],
    ['timetz, west', TIMES.timetz, '22:30:00.25-05:30', -1, '"04:00:00.25Z"'],
  ])('%s', (_name, oid, text, modifier, expected) => expect(json(oid, text, modifier)).toBe(expected));

  it('agree with Date wherever Date reaches', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          const text = date.toISOString().replace('T', ' ').replace('Z', '');
          expect(json(TIMES.timestamp, text, 3)).toBe(String(date.getTime()));
        },
      ),
    );
  });
});

describe('arrays', () => {
  it.each([
    ['int8', ARRAYS.int8s, '{1,NULL,9223372036854775807}', '[1,null,9223372036854775807]'],
    ['empty', ARRAYS.int8s, '{}', '[]'],
    ['bool', ARRAYS.bools, '{t,f}', '[true,false]'],
    ['numeric', ARRAYS.numerics, '{1.50,NaN}', '["1.50","NaN"]'],
    [
      'text with every quote',
      ARRAYS.texts,
      '{a,"b,c","d\\"e","f\\\\g","NULL",NULL,"{x}",""}',
      '["a","b,c","d\\"e","f\\\\g","NULL",null,"{x}",""]',
    ],
    ['two dimensions', ARRAYS.int8s, '{{1,2},{3,4}}', '[[1,2],[3,4]]'],
    ['other lower bounds', ARRAYS.int8s, '[0:1]={1,2}', '[1,2]'],
    ['timestamps', ARRAYS.timestamps, '{"1970-01-01 00:00:01"}', '[1000000]'],
  ])('%s', (_name, oid, text, expected) => expect(json(oid, text)).toBe(expected));
});

describe('a value that has not the form of its type', () => {
  it.each([
    [OIDS.bool, 'yes'],
    [OIDS.int8, '1.5'],
    [OIDS.float8, '0x10'],
    [OIDS.bytea, 'abc'],
    [OIDS.date, '01/02/2026'],
    [TIMES.timestamp, '2026-01-02T03:04:05'],
    [TIMES.timestamptz, '2026-01-02 03:04:05+02'],
    [TIMES.time, '3:4:5'],
    [TIMES.timetz, '03:04:05'],
    [ARRAYS.int8s, '{1,2'],
    [ARRAYS.int8s, '{1}}'],
    [ARRAYS.int8s, '{1 2}'],
  ])('is an error (type %i, %s)', (oid, text) => expect(() => json(oid, text)).toThrow('NL-CDC-014'));
});
