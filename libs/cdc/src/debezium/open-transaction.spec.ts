import { relayTopics } from '@nerveline/contracts';
import { lsn } from '@nerveline/kernel';
import fc from 'fast-check';
import { JsonWriter } from '../values/json-writer';
import { EnvelopeWriter } from './envelope';
import { countPart, OpenTransaction } from './open-transaction';

const epoch = { system_id: '7300000000000000001', timeline: 3 };
const { schema } = relayTopics.transactions;

function open(begin: { commit_lsn: bigint; committed_us: bigint; xid: number }) {
  const transaction = new OpenTransaction(epoch, { ...begin, commit_lsn: lsn(begin.commit_lsn) });
  const envelopes = new EnvelopeWriter();
  envelopes.open({
    ...{ xid: begin.xid, lsn: begin.commit_lsn, committed_us: begin.committed_us, processed_ms: 1 },
    position_prefix: transaction.position_prefix,
    transaction_id: transaction.id,
  });
  const out = new JsonWriter();
  const mark = (status: 'BEGIN' | 'END', index: number): unknown => {
    out.begin();
    transaction.mark(out, { envelopes, status, index });
    return schema.parse(JSON.parse(out.take().toString('utf8')));
  };
  return { transaction, mark };
}

const begins = fc.record({
  commit_lsn: fc.bigInt({ min: 1n, max: 0xffff_ffff_ffff_fff0n }),
  committed_us: fc.bigInt({ min: 0n, max: 4_102_444_800_000_000n }),
  xid: fc.integer({ min: 3, max: 0xffff_ffff }),
});
const changes = fc.array(
  fc.record({ table_name: fc.constantFrom('public.a', 'public."ü"', 'x.b'), partition: fc.nat(12) }),
);

describe('the marks of a transaction', () => {
  test('an END counts what was counted, table by table and partition by partition, whatever its numbers', () => {
    fc.assert(
      fc.property(begins, changes, fc.nat(), (begin, counted, index) => {
        const { transaction, mark } = open(begin);
        const expected = new Map<string, { changes: number; partitions: Record<string, number> }>();
        for (const { table_name, partition } of counted) {
          const known = expected.get(table_name) ?? { changes: 0, partitions: {} };
          known.changes += 1;
          known.partitions[partition] = (known.partitions[partition] ?? 0) + 1;
          expected.set(table_name, known);
          expect(transaction.count({ table_name, count_part: countPart(table_name) }, partition)).toBe(known.changes);
        }
        const { commit_lsn, committed_us, xid } = begin;
        const common = { id: `${xid}:${commit_lsn}`, ts_ms: Number(committed_us / 1000n) };
        const position = transaction.position(index);
        expect(mark('BEGIN', index)).toEqual({
          ...{ status: 'BEGIN', ...common, event_count: null, data_collections: null, position },
        });
        const data_collections = [...expected].map(([data_collection, { changes: event_count, partitions }]) => ({
          ...{ data_collection, event_count, partitions },
        }));
        expect(mark('END', index)).toEqual({
          ...{ status: 'END', ...common, event_count: counted.length, data_collections, position },
        });
      }),
    );
  });
});
