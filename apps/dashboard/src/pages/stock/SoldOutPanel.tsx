import { useLive, useVersion } from '../../app/live';
import { formatDuration } from '../../design/format';
import { StreamState } from '../../design/StreamState';
import { When } from '../../design/When';
import { slowestChannelMs, type SoldOutMoment } from '../../model/sold-out-moments';
import styles from './stock.module.css';

const SHOWN = 60;

/** The moments in which something was gone, and how soon every channel knew. */
export function SoldOutPanel({ onSelect }: { onSelect: (sku: string) => void }) {
  const { stores } = useLive();
  useVersion(stores.stock);
  const { stock } = stores;
  const moments = stock.soldOut.newestFirst().slice(0, SHOWN);
  return (
    <section className={styles['panel']} aria-label="Sold-out moments">
      <header className={styles['panelHead']}>
        <h2>Sold-out moments</h2>
      </header>
      <div className={styles['list']} tabIndex={0} role="group" aria-label="Sold-out moments, newest first">
        {moments.length === 0 && <StreamState stream="stock.acks" empty="Nothing has sold out lately." />}
        <ol>
          {moments.map((moment) => (
            <li key={moment.id}>
              <Moment
                moment={moment}
                name={stock.skus.get(moment.sku)?.name ?? ''}
                channels={stock.channels.size}
                onSelect={onSelect}
              />
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

function Moment({
  moment,
  name,
  channels,
  onSelect,
}: {
  moment: SoldOutMoment;
  name: string;
  channels: number;
  onSelect: (sku: string) => void;
}) {
  const { delays_ms } = moment;
  const everywhere = delays_ms.size >= channels;
  return (
    <button type="button" className={styles['moment']} onClick={() => onSelect(moment.sku)}>
      <When at_ms={moment.event_ms} />
      <span className={styles['momentName']}>
        <code>{moment.sku}</code> <bdi className="muted">{name}</bdi>
      </span>
      <span className="nowrap">
        {everywhere
          ? `everywhere in ${formatDuration(slowestChannelMs(moment))}`
          : `${delays_ms.size} of ${channels} channels`}
      </span>
      <span className={styles['delays']}>
        {[...delays_ms].map(([channel, delay_ms]) => (
          <span key={channel} className="nowrap">
            {channel} {formatDuration(delay_ms)}
          </span>
        ))}
      </span>
    </button>
  );
}
