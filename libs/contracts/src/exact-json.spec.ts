import fc from 'fast-check';
import { parseChange } from './envelope';
import { parseExactJson } from './exact-json';

const BIG = 9007199254740993n;

describe('exact JSON', () => {
  it('keeps every digit of an integer', () => {
    expect(parseExactJson(`{"a":[${BIG},-${BIG},1],"b":${BIG}}`)).toEqual({ a: [BIG, -BIG, 1], b: BIG });
    expect(parseExactJson('9223372036854775807')).toBe(9223372036854775807n);
    expect(parseExactJson('9007199254740991')).toBe(9007199254740991);
  });

  it('reads everything else as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        // Beyond 2^53 it differs from JSON.parse, which is its purpose.
        fc.pre(!/\d{16}/.test(json));
        const with_big = `[${json},1234567890123456789]`;
        expect(parseExactJson(with_big)).toEqual([JSON.parse(json), 1234567890123456789n]);
      }),
    );
  });

  it('makes a field of __proto__, never a prototype', () => {
    const value = parseExactJson(`{"__proto__":{"x":${BIG}}}`);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value ?? {})).toEqual(['__proto__']);
  });

  it.each([
    '',
    '{',
    '[1234567890123456789,]',
    '{"a" 1234567890123456789}',
    '01234567890123456789',
    '1234567890123456789 x',
  ])('refuses %j', (text) => expect(() => parseExactJson(text)).toThrow('NL-LOG-011'));

  it('refuses what is nested too deep instead of ending the process', () => {
    const deep = `${'['.repeat(100_000)}1234567890123456789${']'.repeat(100_000)}`;
    expect(() => parseExactJson(deep)).toThrow('NL-LOG-011');
  });
});

describe('a change of any table', () => {
  it('keeps its digits', () => {
    const bytes = Buffer.from(`{"op":"c","before":null,"after":{"id":${BIG}},"ts_ms":1}`);
    expect(parseChange(bytes)).toMatchObject({ op: 'c', before: null, after: { id: BIG } });
  });

  it.each(['{}', '[]', '{"op":"x","before":null,"after":null}'])('must look like one: %s', (text) =>
    expect(() => parseChange(Buffer.from(text))).toThrow('NL-LOG-011'),
  );
});
