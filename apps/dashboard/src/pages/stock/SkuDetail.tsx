import { useLive, useVersion } from '../../app/live';
import { Changing } from '../../design/Changing';
import controls from '../../design/controls.module.css';
import { DetailPanel, DetailSection, Fact, Facts } from '../../design/DetailPanel';
import { formatDuration, formatInteger, formatMoney, formatRate } from '../../design/format';
import { StatusMark } from '../../design/StatusMark';
import { When } from '../../design/When';
import type { SalesPace } from '../../model/sales-pace';
import { freeOf, type LedgerEntry, type SkuRow } from '../../model/stock-store';
import { runsOutMs } from './stock-columns';
import styles from './stock.module.css';

const SHOWN_MOVEMENTS = 40;

/** One SKU: where it lies, what each channel shows, and the movements that made it so. */
export function SkuDetail({
  sku,
  pace,
  onClose,
  onWalk,
}: {
  sku: string;
  pace: SalesPace;
  onClose: () => void;
  onWalk: (by: 1 | -1) => void;
}) {
  const { stores } = useLive();
  useVersion(stores.stock);
  const row = stores.stock.skus.get(sku);
  return (
    <DetailPanel kicker="SKU" title={<code>{sku}</code>} onClose={onClose} onWalk={onWalk}>
      {row === undefined ? (
        <p className={controls['notice']}>No product of this SKU is known here.</p>
      ) : (
        <>
          <Overview row={row} pace={pace} />
          <ByLocation row={row} />
          <ByChannel row={row} />
          <Movements sku={sku} />
        </>
      )}
    </DetailPanel>
  );
}

function Overview({ row, pace }: { row: SkuRow; pace: SalesPace }) {
  const out_ms = runsOutMs(row, pace);
  return (
    <DetailSection title="Now">
      <Facts>
        <Fact name="Name">
          <bdi>{row.name === '' ? 'not named' : row.name}</bdi>
        </Fact>
        {row.price !== null && <Fact name="Price">{formatMoney(row.price.amount_minor, row.price.currency)}</Fact>}
        <Fact name="Free">
          {freeOf(row) > 0 ? formatInteger(freeOf(row)) : <StatusMark health="bad" word="none" />} of{' '}
          {formatInteger(row.on_hand)} on hand, {formatInteger(row.reserved)} held
        </Fact>
        <Fact name="Pace">
          {formatRate(pace.per_minute.get(row.sku) ?? 0)} sold a minute
          {out_ms !== null && freeOf(row) > 0 && `, lasts ${formatDuration(out_ms)}`}
        </Fact>
      </Facts>
    </DetailSection>
  );
}

function ByLocation({ row }: { row: SkuRow }) {
  const { stores } = useLive();
  const levels = [...row.levels.values()].sort((a, b) => a.location_id.localeCompare(b.location_id));
  return (
    <DetailSection title="By location">
      {levels.length === 0 ? (
        <p className="muted">It lies nowhere.</p>
      ) : (
        <table className={styles['table']}>
          <thead>
            <tr>
              <th scope="col">Location</th>
              <th scope="col">On hand</th>
              <th scope="col">Held</th>
              <th scope="col">Free</th>
            </tr>
          </thead>
          <tbody>
            {levels.map(({ location_id, on_hand, reserved }) => (
              <tr key={location_id}>
                <th scope="row">
                  {location_id} <bdi className="muted">{stores.stock.locations.get(location_id)?.name}</bdi>
                </th>
                {[on_hand, reserved, on_hand - reserved].map((units, index) => (
                  <td key={index}>
                    <Changing value={units}>{formatInteger(units)}</Changing>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </DetailSection>
  );
}

function ByChannel({ row }: { row: SkuRow }) {
  const { stores } = useLive();
  const channels = [...row.channels].sort(([a], [b]) => a.localeCompare(b));
  return (
    <DetailSection title="By channel">
      {channels.length === 0 ? (
        <p className="muted">No channel offers it.</p>
      ) : (
        <table className={styles['table']}>
          <thead>
            <tr>
              <th scope="col">Channel</th>
              <th scope="col">Offers</th>
              <th scope="col">Version</th>
              <th scope="col">Since</th>
            </tr>
          </thead>
          <tbody>
            {channels.map(([channel_id, level]) => (
              <tr key={channel_id}>
                <th scope="row">
                  {channel_id} <bdi className="muted">{stores.stock.channels.get(channel_id)?.name}</bdi>
                </th>
                <td>{level.sold_out ? <StatusMark health="bad" word="sold out" /> : formatInteger(level.available)}</td>
                <td>{level.version}</td>
                <td>
                  <When at_ms={level.event_ms} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </DetailSection>
  );
}

const signed = (units: number): string => (units > 0 ? `+${units}` : units === 0 ? '' : `−${-units}`);

function Movements({ sku }: { sku: string }) {
  const { stores } = useLive();
  const entries: LedgerEntry[] = [];
  for (const entry of stores.stock.ledger.newestFirst()) {
    if (entry.row.sku === sku) entries.push(entry);
    if (entries.length === SHOWN_MOVEMENTS) break;
  }
  return (
    <DetailSection title="Why it is so: the ledger">
      {entries.length === 0 ? (
        <p className="muted">It has not moved within what the page holds. Older entries are in the log.</p>
      ) : (
        <table className={styles['table']}>
          <thead>
            <tr>
              <th scope="col">Movement</th>
              <th scope="col">At</th>
              <th scope="col">On hand</th>
              <th scope="col">Held</th>
            </tr>
          </thead>
          <tbody>
            {entries.map(({ row }) => (
              <tr key={row.entry} title={row.reservation_id ?? row.reason ?? undefined}>
                <th scope="row">
                  <span className="muted">{row.entry}</span> {row.kind} <span className="muted">{row.location_id}</span>
                  {row.channel_id !== null && <span className="muted"> · {row.channel_id}</span>}
                </th>
                <td>
                  <When at_ms={row.event_ms} />
                </td>
                <td>
                  <span className={styles['delta']}>{signed(row.on_hand_delta)}</span> {row.on_hand_after}
                </td>
                <td>
                  <span className={styles['delta']}>{signed(row.reserved_delta)}</span> {row.reserved_after}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </DetailSection>
  );
}
