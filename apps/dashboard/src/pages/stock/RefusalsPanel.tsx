import { useLive, useVersion } from '../../app/live';
import { cx } from '../../design/cx';
import { Panel, PanelList } from '../../design/Panel';
import panel from '../../design/panel.module.css';
import { StreamState } from '../../design/StreamState';
import { When } from '../../design/When';
import styles from './stock.module.css';

const SHOWN = 60;
const WORDS = {
  insufficient_stock: 'not enough',
  unknown_sku: 'unknown SKU',
  unknown_location: 'unknown location',
} as const;

/** Reservations that got nothing, and why. */
export function RefusalsPanel({ onSelect }: { onSelect: (sku: string) => void }) {
  const { stores } = useLive();
  useVersion(stores.stock);
  const refusals = stores.stock.refusals.toArray().slice(0, SHOWN);
  return (
    <Panel label="Refused reservations" title="Refused">
      <PanelList label="Refused reservations, newest first">
        {refusals.length === 0 && <StreamState stream="stock.refusals" empty="No reservation was refused." />}
        <ol>
          {refusals.map((refusal) =>
            refusal.refused.map((line) => (
              <li key={`${refusal.holder} ${refusal.event_ms} ${line.sku} ${line.location_id}`}>
                <button
                  type="button"
                  className={cx(panel['item'], styles['moment'])}
                  title={refusal.holder}
                  onClick={() => onSelect(line.sku)}
                >
                  <When at_ms={refusal.event_ms} />
                  <span className={panel['cut']}>
                    <code>{line.sku}</code> <bdi className="muted">{stores.stock.skus.get(line.sku)?.name}</bdi>
                  </span>
                  <span className="nowrap">{WORDS[line.reason]}</span>
                  <span className={panel['below']}>
                    <span>
                      {refusal.channel_id} at {line.location_id}, {line.available} free
                    </span>
                  </span>
                </button>
              </li>
            )),
          )}
        </ol>
      </PanelList>
    </Panel>
  );
}
