import { changeSchema, defineTopic, tenantKey, UNCHANGED, type SourceTable } from '@nerveline/contracts';
import fc from 'fast-check';
import { z } from 'zod';
import { unchanged, type ColumnValue, type Relation } from '../pgoutput/messages';
import { TupleView } from '../pgoutput/tuple-view';
import { columnToJson } from '../values/column-json';
import { JsonWriter } from '../values/json-writer';
import { TableEncoder } from './table-encoder';

const TEXT = 25;
const column = (name: string, is_identity: boolean) => ({ name, is_identity, type_oid: TEXT, type_modifier: -1 });
const relation: Relation = {
  relation_oid: 1,
  schema: 'public',
  table: 'items',
  replica_identity: 'd',
  columns: [column('tenant', true), column('i"d', true), column('note', false), column('other', false)],
};
const source: SourceTable = {
  schema: 'public',
  table: 'items',
  key: ['tenant', 'i"d'],
  order_by: ['tenant'],
  topic: defineTopic({
    name: 'cdc.public.items',
    key: 'tenant/id',
    schema: changeSchema(z.looseObject({})),
    encoding: 'json',
    partitions: 1,
    retention: { kind: 'compacted' },
    owner: 'cdc-relay',
    description: 'A table of a test.',
  }),
};
const encoder = new TableEncoder(relation, source, { database: 'd', snapshot: false });
const out = new JsonWriter();

function written(write: () => void): string {
  out.begin();
  write();
  return out.take().toString();
}

const text = fc.string({ unit: 'grapheme' });
const value = fc.oneof(text, fc.constant(null), fc.constant(unchanged));

/** The way through objects that this must equal. */
function plainRow(row: readonly ColumnValue[], before: readonly ColumnValue[] = []): string {
  const columns = relation.columns.map(({ name, type_oid, type_modifier }, i) => {
    const known = row[i] === unchanged ? (before[i] ?? unchanged) : row[i];
    const json =
      known === unchanged
        ? JSON.stringify(UNCHANGED)
        : typeof known === 'string'
          ? columnToJson(type_oid, type_modifier)(known)
          : 'null';
    return `${JSON.stringify(name)}:${json}`;
  });
  return `{${columns.join(',')}}`;
}

describe('a row', () => {
  it('is what the plain way through objects gives; what an update left alone comes from the row before', () => {
    const rows = fc.array(value, { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(rows, fc.option(rows, { nil: undefined }), (row, before) => {
        const view = before === undefined ? undefined : TupleView.of(before);
        expect(written(() => encoder.row(out, TupleView.of(row), view))).toBe(plainRow(row, before));
      }),
    );
  });

  it('as it was, of which only the identity is known, has no other column', () => {
    const view = TupleView.of(['demo', '7', null, null]);
    expect(written(() => encoder.oldRow(out, 'key', view))).toBe('{"tenant":"demo","i\\"d":"7"}');
    expect(written(() => encoder.oldRow(out, 'full', view))).toBe(plainRow(['demo', '7', null, null]));
  });

  it('of another width is refused: its columns would stand under wrong names', () => {
    expect(() => encoder.row(out, TupleView.of(['demo', '7', null]))).toThrow('NL-CDC-013');
    expect(() => encoder.oldRow(out, 'key', TupleView.of(['demo']))).toThrow('NL-CDC-013');
  });

  it('has the key that the contracts make of its values', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (tenant, id) => {
        const values = encoder.keyOf(TupleView.of([tenant, id, null, null]));
        // The tenant goes over as it is in both.
        expect(encoder.recordKey(values)).toBe(tenantKey(tenant, id));
        expect(encoder.orderKey(values, '')).toBe(tenantKey(tenant));
      }),
    );
    expect(() => encoder.keyOf(TupleView.of(['demo', null, null, null]))).toThrow('NL-CDC-019');
  });
});
