import type { ColumnShape, ShapeChange, TableShape } from '@nerveline/contracts';

/** A column of the old shape and what became of it. */
type Pair = readonly [before: ColumnShape, after: ColumnShape];

/**
 * What differs between two shapes of a table; empty when nothing does.
 *
 * The stream doesn't number its columns, but their order tells much: a column keeps its place as long as it lives, and a
 * new one comes last. So an unknown name in front of a known one is a known column under a new name. Behind the last known
 * one nobody can tell it from a column that was dropped and another that was added, and it is told as these.
 */
export function shapeChanges(before: TableShape, after: TableShape): ShapeChange[] {
  const changes: ShapeChange[] = before.relation_oid === after.relation_oid ? [] : [{ kind: 'recreated' }];
  const pairs: Pair[] = [];
  let [from_old, from_new] = [0, 0];
  const close = (to_old: number, to_new: number, is_last: boolean): void => {
    const old = before.columns.slice(from_old, to_old);
    const now = after.columns.slice(from_new, to_new);
    if (!is_last && old.length === now.length) {
      old.forEach((column, i) => {
        const renamed = now[i];
        if (renamed === undefined) return;
        pairs.push([column, renamed]);
        changes.push({ kind: 'renamed', from: column.name, to: renamed.name });
      });
      return;
    }
    for (const column of old) changes.push({ kind: 'dropped', column });
    for (const column of now) changes.push({ kind: 'added', column });
  };
  after.columns.forEach((column, at) => {
    const known_at = before.columns.findIndex(({ name }, i) => i >= from_old && name === column.name);
    const known = before.columns[known_at];
    if (known === undefined) return;
    close(known_at, at, false);
    pairs.push([known, column]);
    [from_old, from_new] = [known_at + 1, at + 1];
  });
  close(before.columns.length, after.columns.length, true);
  for (const [old, now] of pairs) {
    const same = old.type_oid === now.type_oid && old.type_modifier === now.type_modifier;
    if (!same) changes.push({ kind: 'retyped', before: old, after: now });
  }
  if (hasOtherIdentity([before, after], pairs, changes)) changes.push({ kind: 'identity_changed' });
  return changes;
}

/** With the full row, every column is part of the identity: one more or less doesn't make it another. */
function hasOtherIdentity(
  [before, after]: readonly [TableShape, TableShape],
  pairs: readonly Pair[],
  changes: readonly ShapeChange[],
): boolean {
  if (before.replica_identity !== after.replica_identity) return true;
  if (after.replica_identity === 'f') return false;
  if (pairs.some(([old, now]) => old.is_identity !== now.is_identity)) return true;
  return changes.some((change) => (change.kind === 'added' || change.kind === 'dropped') && change.column.is_identity);
}
