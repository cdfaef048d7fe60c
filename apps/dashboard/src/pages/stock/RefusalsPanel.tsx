import { useLive, useVersion } from '../../app/live';
import { StreamState } from '../../design/StreamState';
import { When } from '../../design/When';
import styles from './stock.module.css';

const SHOWN = 60;
const WORDS = { insufficient_stock: 'not enough', unknown_sku: 'unknown SKU' } as const;

/** Reservations that got nothing, and why. */
export function RefusalsPanel({ onSelect }: { onSelect: (sku: string) => void }) {
  const { stores } = useLive();
  useVersion(stores.stock);
  const refusals = stores.stock.refusals.toArray().slice(0, SHOWN);
  return (
    <section className={styles['panel']} aria-label="Refused reservations">
      <header className={styles['panelHead']}>
        <h2>Refused</h2>
      </header>
      <div className={styles['list']} tabIndex={0} role="group" aria-label="Refused reservations, newest first">
        {refusals.length === 0 && <StreamState stream="stock.refusals" empty="No reservation was refused." />}
        <ol>
          {refusals.map((refusal) =>
            refusal.refused.map((line) => (
              <li key={`${refusal.holder} ${refusal.event_ms} ${line.sku} ${line.location_id}`}>
                <button type="button" className={styles['moment']} onClick={() => onSelect(line.sku)}>
                  <When at_ms={refusal.event_ms} />
                  <span className={styles['momentName']}>
                    <code>{line.sku}</code> <bdi className="muted">{refusal.holder}</bdi>
                  </span>
                  <span className="nowrap">{WORDS[line.reason]}</span>
                  <span className={styles['delays']}>
                    <span>
                      {refusal.channel_id} at {line.location_id}, {line.available} free
                    </span>
                  </span>
                </button>
              </li>
            )),
          )}
        </ol>
      </div>
    </section>
  );
}
