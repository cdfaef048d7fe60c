import { useLive, useStreams } from '../../app/live';
import { setParams, useRoute } from '../../app/router';
import { walk } from '../../app/shortcuts';
import controls from '../../design/controls.module.css';
import { cx } from '../../design/cx';
import { DataGrid } from '../../design/DataGrid';
import { formatCount } from '../../design/format';
import panel from '../../design/panel.module.css';
import { Quiet } from '../../design/Quiet';
import { SearchField } from '../../design/SearchField';
import { Segmented } from '../../design/Segmented';
import { StreamState } from '../../design/StreamState';
import type { SkuRow } from '../../model/stock-store';
import { RefusalsPanel } from './RefusalsPanel';
import { SkuDetail } from './SkuDetail';
import { SoldOutPanel } from './SoldOutPanel';
import { StockMetrics } from './StockMetrics';
import { parseStockView, STOCK_FILTERS, useSkuRows } from './use-sku-rows';
import styles from './stock.module.css';

const idOf = ({ sku }: SkuRow): string => sku;
const select = (sku: string | null) => {
  const open = new URLSearchParams(location.search).has('sku');
  setParams({ sku }, open ? 'replace' : 'push');
};

/** Stock as it is now: levels by SKU, what each channel shows, and the moments in which something was gone. */
export default function StockPage() {
  useStreams('stock.products', 'stock.levels', 'stock.channels', 'stock.sold_out', 'stock.ledger', 'stock.refusals');
  const { stores } = useLive();
  const { params } = useRoute();
  const selected = params.get('sku');
  const view = parseStockView(params);
  const { rows, columns, pace } = useSkuRows(view);

  return (
    <div className={cx(panel['page'], selected !== null && styles['detailed'])}>
      <div className={panel['content']}>
        <StockMetrics pace={pace} />
        <div className={styles['columns']}>
          <section className={styles['levels']} aria-label="Levels">
            <div className={controls['toolbar']}>
              <SearchField label="Search SKU or name" value={view.query} onChange={(text) => setParams({ q: text })} />
              <Segmented
                label="Show"
                value={view.filter.value}
                options={STOCK_FILTERS}
                onChange={(value) => setParams({ show: value === 'all' ? null : value })}
              />
              <span className={controls['spacer']} />
              <span className={controls['count']}>{formatCount(rows.length, 'SKU')}</span>
            </div>
            <DataGrid
              label="Stock by SKU"
              columns={columns}
              rows={rows}
              idOf={idOf}
              selected={selected}
              onSelect={select}
              sort={view.sort}
              onSort={({ column, down }) => setParams({ sort: down ? `${column}.down` : column })}
              empty={<NoRows filtered={stores.stock.skus.size > 0} />}
            />
          </section>
          <div className={cx(panel['beside'], styles['side'])}>
            <SoldOutPanel onSelect={select} />
            <RefusalsPanel onSelect={select} />
          </div>
        </div>
      </div>
      {selected !== null && (
        <SkuDetail
          sku={selected}
          pace={pace}
          onClose={() => select(null)}
          onWalk={(by) => select(walk(rows.map(idOf), selected, by))}
        />
      )}
    </div>
  );
}

function NoRows({ filtered }: { filtered: boolean }) {
  if (filtered) return <Quiet>No SKU fits.</Quiet>;
  return <StreamState stream="stock.levels" empty="No product is stocked yet. The first receipt shows here." />;
}
