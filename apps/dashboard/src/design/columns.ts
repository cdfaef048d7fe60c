export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  /** A track of the CSS grid: `96px`, `minmax(120px, 2fr)`. */
  readonly track: string;
  readonly end?: boolean;
  readonly cell: (row: Row) => React.ReactNode;
  /** From the smallest to the largest; without it the column can't sort. */
  readonly order?: (one: Row, other: Row) => number;
  /** The grid's width from which the column is shown. */
  readonly from_px?: number;
}

export interface Sort {
  readonly column: string;
  readonly down: boolean;
}

export interface DataGridProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly idOf: (row: Row) => string;
  readonly selected: string | null;
  /** Without it rows are there to be read, not chosen. */
  readonly onSelect?: (id: string | null) => void;
  readonly sort?: Sort;
  readonly onSort?: (sort: Sort) => void;
  /** In place of rows when there are none. */
  readonly empty: React.ReactNode;
  readonly rowClass?: (row: Row) => string | false | undefined;
  /** Told when the reader leaves the top, and when they are back. */
  readonly onAway?: (away: boolean) => void;
}

/** Sorted rows; the same order for the same rows, so that nothing jumps. */
export function sortRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sort: Sort): readonly Row[] {
  const order = columns.find(({ id }) => id === sort.column)?.order;
  if (order === undefined) return rows;
  return [...rows].sort((one, other) => (sort.down ? order(other, one) : order(one, other)));
}
