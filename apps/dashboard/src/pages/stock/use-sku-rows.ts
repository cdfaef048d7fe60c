import { useMemo } from 'react';
import { useLive, useSeconds, useVersion } from '../../app/live';
import { sortRows, type Column, type Sort } from '../../design/columns';
import { salesPace, type SalesPace } from '../../model/sales-pace';
import { freeOf, type SkuRow } from '../../model/stock-store';
import { stockColumns } from './stock-columns';

/** Few enough that the next minutes may sell the last one. */
const LOW_UNITS = 5;

export const STOCK_FILTERS = [
  { value: 'all', label: 'all', fits: () => true },
  { value: 'low', label: 'low', fits: (row: SkuRow) => freeOf(row) > 0 && freeOf(row) <= LOW_UNITS },
  { value: 'sold_out', label: 'sold out', fits: (row: SkuRow) => row.levels.size > 0 && freeOf(row) <= 0 },
] as const;

type StockFilter = (typeof STOCK_FILTERS)[number];

/** The view's state as its address has it. */
export interface StockView {
  readonly filter: StockFilter;
  readonly query: string;
  readonly sort: Sort;
}

export function parseStockView(params: URLSearchParams): StockView {
  const [column = 'sku', direction] = (params.get('sort') ?? 'sku').split('.');
  return {
    filter: STOCK_FILTERS.find(({ value }) => value === params.get('show')) ?? STOCK_FILTERS[0],
    query: params.get('q') ?? '',
    sort: { column, down: direction === 'down' },
  };
}

export interface SkuRows {
  readonly rows: readonly SkuRow[];
  readonly columns: readonly Column<SkuRow>[];
  readonly pace: SalesPace;
}

/**
 * The rows that fit, in their order. Numbers change at once, the order once a second: a row that is being read doesn't
 * jump with each sale.
 */
export function useSkuRows({ filter, query, sort }: StockView): SkuRows {
  const { stores } = useLive();
  useVersion(stores.stock);
  const second = useSeconds();
  const { stock, clock } = stores;
  const pace = useMemo(
    () => salesPace(stock.ledger.newestFirst(), clock.event_now_ms('stock')),
    [stock, clock, second],
  );
  const channels = [...stock.channels.keys()].sort().join('\n');
  const columns = useMemo(() => stockColumns(channels.split('\n').filter(Boolean), pace), [channels, pace]);
  const rows = useMemo(() => {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const fitting = [...stock.skus.values()].filter(
      (row) => filter.fits(row) && words.every((word) => row.search_text.includes(word)),
    );
    return sortRows(fitting, columns, { column: sort.column, down: sort.down });
  }, [stock, stock.skus.size, filter, query, sort.column, sort.down, columns]);
  return { rows, columns, pace };
}
