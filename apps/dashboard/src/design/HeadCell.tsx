import { ArrowDown, ArrowUp } from 'lucide-react';
import type { Column, Sort } from './columns';
import { cx } from './cx';
import styles from './grid.module.css';

/** A column's title; a button where the column can sort. */
export function HeadCell<Row>({
  column,
  sort,
  onSort,
}: {
  column: Column<Row>;
  sort: Sort | undefined;
  onSort: ((sort: Sort) => void) | undefined;
}) {
  const active = sort?.column === column.id;
  const className = cx(styles['cell'], styles['headCell'], column.end === true && styles['end']);
  if (column.order === undefined || onSort === undefined) {
    return (
      <div role="columnheader" className={className}>
        {column.title}
      </div>
    );
  }
  const Arrow = sort?.down === true ? ArrowDown : ArrowUp;
  return (
    <div
      role="columnheader"
      className={className}
      aria-sort={!active ? 'none' : sort.down ? 'descending' : 'ascending'}
    >
      <button
        type="button"
        className={styles['sort']}
        onClick={() => onSort({ column: column.id, down: active ? !sort.down : false })}
      >
        {column.title}
        {active && <Arrow size={12} aria-hidden="true" />}
      </button>
    </div>
  );
}
