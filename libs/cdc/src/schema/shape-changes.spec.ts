import type { ColumnShape, TableShape } from '@nerveline/contracts';
import fc from 'fast-check';
import { shapeChanges } from './shape-changes';

const column = (name: string, changed: Partial<ColumnShape> = {}): ColumnShape => ({
  ...{ name, type_oid: 25, type_modifier: -1, is_identity: name === 'id' },
  ...changed,
});
const shape = (columns: readonly (string | ColumnShape)[], changed: Partial<TableShape> = {}): TableShape => ({
  ...{ relation_oid: 1, replica_identity: 'd' },
  columns: columns.map((given) => (typeof given === 'string' ? column(given) : given)),
  ...changed,
});
const abc = shape(['id', 'a', 'b', 'c']);

describe('what differs between two shapes', () => {
  test('columns that came and went', () => {
    expect(shapeChanges(abc, shape(['id', 'a', 'b', 'c', 'd']))).toEqual([{ kind: 'added', column: column('d') }]);
    expect(shapeChanges(abc, shape(['id', 'b', 'c']))).toEqual([{ kind: 'dropped', column: column('a') }]);
    expect(shapeChanges(abc, shape(['id', 'b', 'c', 'a']))).toEqual([
      { kind: 'dropped', column: column('a') },
      { kind: 'added', column: column('a') },
    ]);
  });

  test('a new name in front of a known column is a renamed column: what is added comes last', () => {
    expect(shapeChanges(abc, shape(['id', 'x', 'b', 'c']))).toEqual([{ kind: 'renamed', from: 'a', to: 'x' }]);
    expect(shapeChanges(abc, shape(['id', 'x', 'y', 'c', 'd']))).toEqual([
      { kind: 'renamed', from: 'a', to: 'x' },
      { kind: 'renamed', from: 'b', to: 'y' },
      { kind: 'added', column: column('d') },
    ]);
  });

  test('behind the last known column a new name is told as one dropped and one added: it may be either', () => {
    expect(shapeChanges(abc, shape(['id', 'a', 'b', 'x']))).toEqual([
      { kind: 'dropped', column: column('c') },
      { kind: 'added', column: column('x') },
    ]);
  });

  test('another type or precision, also of a renamed column', () => {
    const [narrow, wide] = [column('a', { type_oid: 1043, type_modifier: 14 }), column('a', { type_oid: 1043 })];
    expect(shapeChanges(shape(['id', narrow]), shape(['id', wide]))).toEqual([
      { kind: 'retyped', before: narrow, after: wide },
    ]);
    const x = column('x', { type_oid: 20 });
    expect(shapeChanges(abc, shape(['id', x, 'b', 'c']))).toEqual([
      { kind: 'renamed', from: 'a', to: 'x' },
      { kind: 'retyped', before: column('a'), after: x },
    ]);
  });

  test('another identity, another table under the same name', () => {
    const full = shape(
      ['id', 'a'].map((name) => column(name, { is_identity: true })),
      { replica_identity: 'f' },
    );
    expect(shapeChanges(shape(['id', 'a']), full)).toEqual([{ kind: 'identity_changed' }]);
    expect(shapeChanges(full, shape(['id', 'a']))).toEqual([{ kind: 'identity_changed' }]);
    const b = column('b', { is_identity: true });
    expect(shapeChanges(full, { ...full, columns: [...full.columns, b] })).toEqual([{ kind: 'added', column: b }]);
    expect(shapeChanges(abc, { ...abc, relation_oid: 2 })).toEqual([{ kind: 'recreated' }]);
  });

  test('nothing when they are the same, something when they are not', () => {
    const columns = fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('id', 'a', 'b', 'c', 'd', 'e'),
        type_oid: fc.constantFrom(20, 25),
        type_modifier: fc.constantFrom(-1, 14),
        is_identity: fc.boolean(),
      }),
      { selector: ({ name }) => name },
    );
    fc.assert(
      fc.property(columns, columns, (before, after) => {
        expect(shapeChanges(shape(before), shape(before))).toEqual([]);
        const same = JSON.stringify(before) === JSON.stringify(after);
        expect(shapeChanges(shape(before), shape(after)).length === 0).toBe(same);
      }),
    );
  });
});
