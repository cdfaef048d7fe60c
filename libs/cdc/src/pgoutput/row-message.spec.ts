import { isNervelineError } from '@nerveline/kernel';
import fc from 'fast-check';
import { decodeMessage } from './decode-message';
import { unchanged, type ColumnValue, type Tuple } from './messages';
import { RowMessage } from './row-message';

const value: fc.Arbitrary<ColumnValue> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constant(null),
  fc.constant(unchanged),
);
const tuple = fc.array(value, { maxLength: 70 });
const old = fc.constantFrom('K', 'O');
const relation_oid = fc.integer({ min: 0, max: 2 ** 32 - 1 });

function tupleBytes(row: Tuple): Buffer {
  const columns = row.map((column) => {
    if (column === null) return Buffer.from('n');
    if (column === unchanged) return Buffer.from('u');
    const text = Buffer.from(column);
    const head = Buffer.alloc(5, 't');
    head.writeInt32BE(text.length, 1);
    return Buffer.concat([head, text]);
  });
  const count = Buffer.alloc(2);
  count.writeUInt16BE(row.length);
  return Buffer.concat([count, ...columns]);
}

const message = fc
  .tuple(fc.constantFrom('I', 'U', 'u', 'D'), relation_oid, old, tuple, tuple)
  .map(([kind, oid, mark, before, after]) => {
    const head = Buffer.alloc(5, kind.toUpperCase());
    head.writeUInt32BE(oid, 1);
    const old_tuple = [Buffer.from(mark), tupleBytes(before)];
    const new_tuple = [Buffer.from('N'), tupleBytes(after)];
    const tuples = kind === 'D' ? old_tuple : kind === 'u' ? [...old_tuple, ...new_tuple] : new_tuple;
    return Buffer.concat([head, ...tuples]);
  });

const row = new RowMessage();

/** Somewhere in the middle of other bytes, as it comes from the socket. */
function readFast(bytes: Buffer): unknown {
  const framed = Buffer.concat([Buffer.from('NOISE'), bytes, Buffer.from('tNOISE')]);
  row.read(framed, 5, 5 + bytes.length);
  return row.toMessage();
}

function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    expect(isNervelineError(error)).toBe(true);
    return 'refused';
  }
}

describe('a row that is read in place', () => {
  it('is the row that the plain decoder sees, also when it follows a larger one', () => {
    fc.assert(fc.property(message, (bytes) => expect(readFast(bytes)).toEqual(decodeMessage(bytes))));
  });

  it('is refused where the plain decoder refuses it, and never read beyond its end', () => {
    const damage = fc.tuple(message, fc.nat(), fc.nat(255), fc.boolean());
    fc.assert(
      fc.property(damage, ([bytes, at, byte, cut]) => {
        const damaged = cut ? bytes.subarray(0, 1 + (at % bytes.length)) : Buffer.from(bytes);
        if (!cut) damaged[1 + (at % (damaged.length - 1))] = byte;
        expect(attempt(() => readFast(damaged))).toEqual(attempt(() => decodeMessage(damaged)));
      }),
      { numRuns: 500 },
    );
  });
});
