import { formatSourcePosition, lsn } from '@nerveline/kernel';
import fc from 'fast-check';
import { JsonWriter } from '../values/json-writer';
import { EnvelopeWriter, tablePart } from './envelope';

const epoch = { system_id: '7300000000000000001', timeline: 3 };
const origins = fc.record({
  xid: fc.option(fc.integer({ min: 3, max: 0xffff_ffff })),
  lsn: fc.bigInt({ min: 1n, max: 2n ** 53n - 1n }),
  committed_us: fc.integer({ min: -1e15, max: 4e15 }),
  processed_ms: fc.nat(),
  id: fc.option(fc.constantFrom('7:123', '4294967295:9007199254740991')),
});
const places = fc.record({
  op: fc.constantFrom('c', 'u', 'd', 'r', 't'),
  index: fc.nat(),
  total_order: fc.nat(),
  table_order: fc.nat(),
});

describe('the envelope', () => {
  test('one writer serves transaction after transaction, and each record says what its own holds', () => {
    const envelopes = new EnvelopeWriter();
    const out = new JsonWriter();
    fc.assert(
      fc.property(origins, places, (origin, place) => {
        const { id: transaction_id, committed_us, ...known } = origin;
        const position = formatSourcePosition({ epoch, commit_lsn: lsn(known.lsn), index: 0 }).slice(0, -1);
        envelopes.open({ ...known, committed_us: BigInt(committed_us), position_prefix: position, transaction_id });
        envelopes.before(out);
        envelopes.none(out);
        envelopes.after(out);
        envelopes.none(out);
        const table_part = tablePart('d"b', false, { schema: 'public', table: 'ü' });
        const record: unknown = JSON.parse(envelopes.end(out, { ...place, table_part }).toString('utf8'));
        const { op, total_order, table_order: data_collection_order } = place;
        expect(record).toEqual({
          before: null,
          after: null,
          source: {
            ...{ version: 'nerveline-1', connector: 'postgresql', name: 'cdc' },
            ts_ms: Math.trunc(committed_us / 1000) + 0,
            ...{ ts_us: committed_us, snapshot: 'false', db: 'd"b', schema: 'public', table: 'ü' },
            ...{ txId: known.xid, lsn: Number(known.lsn), position: `${position}${place.index}` },
          },
          ...{ op, ts_ms: known.processed_ms },
          transaction: transaction_id === null ? null : { id: transaction_id, total_order, data_collection_order },
        });
      }),
    );
  });
});
