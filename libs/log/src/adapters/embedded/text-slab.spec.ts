import fc from 'fast-check';
import { TextSlab } from './text-slab';

const unicode = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 200 }),
  // Lone surrogates, which UTF-8 has no bytes for.
  fc.array(fc.constantFrom('\ud800', 'a', '\udc00', 'é'), { maxLength: 60 }).map((units) => units.join('')),
);

const varint = (value: number): Buffer =>
  value < 0x80 ? Buffer.from([value]) : Buffer.concat([Buffer.from([(value & 0x7f) | 0x80]), varint(value >>> 7)]);

/** One Buffer for each text. */
function slowly(headers: Readonly<Record<string, string>>): Buffer {
  const sized = (text: string): Buffer => Buffer.concat([varint(Buffer.byteLength(text)), Buffer.from(text, 'utf8')]);
  return Buffer.concat(Object.entries(headers).flatMap(([name, text]) => [sized(name), sized(text)]));
}

test('headers and keys are the bytes that a Buffer for each text would have, and stay so while others are written', () => {
  const slab = new TextSlab();
  fc.assert(
    fc.property(fc.array(fc.tuple(unicode, fc.dictionary(unicode, unicode)), { maxLength: 20 }), (records) => {
      const written = records.map(([key, headers]) => ({ key: slab.encode(key), headers: slab.headers(headers) }));
      records.forEach(([key, headers], i) => {
        expect(Buffer.from(written[i]?.key ?? []).equals(Buffer.from(key, 'utf8'))).toBe(true);
        expect(Buffer.from(written[i]?.headers.bytes ?? []).equals(slowly(headers))).toBe(true);
        expect(written[i]?.headers.count).toBe(Object.keys(headers).length);
        const texts = Object.entries(headers).flat();
        expect(written[i]?.headers.text_bytes).toBe(texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0));
      });
    }),
  );
});

test('a text that is larger than the memory that others share has its own', () => {
  const text = 'ü'.repeat(100_000);
  const slab = new TextSlab();
  const before = slab.encode('before');
  expect(Buffer.from(slab.encode(text)).toString()).toBe(text);
  expect(Buffer.from(before).toString()).toBe('before');
});
