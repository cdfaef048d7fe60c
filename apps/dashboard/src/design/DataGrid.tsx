import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useId, useRef } from 'react';
import { usePreferences } from '../app/preferences';
import { walk } from '../app/shortcuts';
import type { Column, DataGridProps } from './columns';
import { cx } from './cx';
import { HeadCell } from './HeadCell';
import styles from './grid.module.css';
import { useWalking } from './use-walking';
import { useWidth } from './use-width';

const ROW_PX = { comfortable: 32, dense: 26 };
const OVERSCAN_ROWS = 8;

/** A table of any length that draws only the rows in sight. Click or arrows choose a row, Esc lets go. */
export function DataGrid<Row>(props: DataGridProps<Row>) {
  const { label, rows, idOf, selected, onSelect, empty } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const width_px = useWidth(scroller);
  const row_px = ROW_PX[usePreferences().density];
  const id = useId();
  const columns = props.columns.filter(({ from_px = 0 }) => width_px >= from_px);
  const template = columns.map(({ track }) => track).join(' ');
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => row_px,
    overscan: OVERSCAN_ROWS,
  });
  useEffect(() => virtual.measure(), [virtual, row_px]);
  useWalking(props);

  const selected_index = selected === null ? -1 : rows.findIndex((row) => idOf(row) === selected);
  useEffect(() => {
    // Only a new choice scrolls; a row that moves because data moved doesn't drag the view with it.
    if (selected_index >= 0) virtual.scrollToIndex(selected_index, { align: 'auto' });
  }, [selected]);

  return (
    <div
      ref={scroller}
      className={styles['grid']}
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-activedescendant={selected_index >= 0 ? `${id}-${selected_index}` : undefined}
      onScroll={(event) => props.onAway?.(event.currentTarget.scrollTop > row_px)}
      onKeyDown={(event) => {
        const chosen = onSelect === undefined || selected !== null;
        if (chosen || event.target !== event.currentTarget || event.key !== 'ArrowDown') return;
        event.preventDefault();
        onSelect(walk(rows.map(idOf), null, 1));
      }}
    >
      <div role="rowgroup" className={styles['head']}>
        <div role="row" aria-rowindex={1} className={styles['row']} style={{ gridTemplateColumns: template }}>
          {columns.map((column) => (
            <HeadCell key={column.id} column={column} sort={props.sort} onSort={props.onSort} />
          ))}
        </div>
      </div>
      {rows.length === 0 ? (
        <EmptyRow>{empty}</EmptyRow>
      ) : (
        <div role="rowgroup" className={styles['body']} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            const place = {
              id: `${id}-${index}`,
              index,
              style: { gridTemplateColumns: template, height: row_px, top: start },
            };
            return <GridRow key={idOf(row)} grid={props} columns={columns} row={row} place={place} />;
          })}
        </div>
      )}
    </div>
  );
}

interface GridRowProps<Row> {
  readonly grid: DataGridProps<Row>;
  readonly columns: readonly Column<Row>[];
  readonly row: Row;
  readonly place: { readonly id: string; readonly index: number; readonly style: React.CSSProperties };
}

function GridRow<Row>({ grid, columns, row, place }: GridRowProps<Row>) {
  const row_id = grid.idOf(row);
  return (
    <div
      id={place.id}
      data-row={row_id}
      role="row"
      aria-rowindex={place.index + 2}
      aria-selected={grid.onSelect && row_id === grid.selected}
      className={cx(styles['row'], styles['data'], grid.rowClass?.(row))}
      style={place.style}
      // Pressed, not clicked: among 500 rows a second another one lies there when the button comes up.
      onMouseDown={(event) => event.button === 0 && grid.onSelect?.(row_id)}
      onClick={() => grid.onSelect?.(row_id)}
    >
      {columns.map((column) => (
        <div key={column.id} role="gridcell" className={cx(styles['cell'], column.end === true && styles['end'])}>
          {column.cell(row)}
        </div>
      ))}
    </div>
  );
}

function EmptyRow({ children }: { children: React.ReactNode }) {
  return (
    <div role="rowgroup">
      <div role="row">
        <div role="gridcell">{children}</div>
      </div>
    </div>
  );
}
