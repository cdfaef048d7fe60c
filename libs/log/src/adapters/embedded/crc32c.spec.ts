import fc from 'fast-check';
import { crc32c } from './crc32c';

/** One bit at a time, as RFC 3720 describes it. */
function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

const range = (from: number, to: number): Buffer =>
  Buffer.from(Array.from({ length: 32 }, (_, i) => from + Math.sign(to - from) * i));

test.each([
  ['32 zeros', Buffer.alloc(32), 0x8a9136aa],
  ['32 ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['0 to 31', range(0, 31), 0x46dd794e],
  ['31 to 0', range(31, 0), 0x113fdb5c],
  ['"123456789"', Buffer.from('123456789'), 0xe3069283],
  ['nothing', Buffer.alloc(0), 0],
])('%s has the checksum that RFC 3720 and its users give', (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});

test('any bytes, wherever they begin in their memory, have the checksum of the slow way', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(9), (bytes, from) => {
      const view = Buffer.concat([Buffer.alloc(from), bytes]).subarray(from);
      expect(crc32c(view)).toBe(slowCrc32c(bytes));
    }),
  );
});
