import { useLive, useVersion } from '../../app/live';
import { cx } from '../../design/cx';
import { formatDuration } from '../../design/format';
import { Panel, PanelList } from '../../design/Panel';
import panel from '../../design/panel.module.css';
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
    <Panel label="Sold-out moments" title="Sold-out moments">
      <PanelList label="Sold-out moments, newest first">
        {moments.length === 0 && <StreamState stream="stock.sold_out" empty="Nothing has sold out lately." />}
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
      </PanelList>
    </Panel>
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
    <button type="button" className={cx(panel['item'], styles['moment'])} onClick={() => onSelect(moment.sku)}>
      <When at_ms={moment.event_ms} />
      <span className={panel['cut']}>
        <code>{moment.sku}</code> <bdi className="muted">{name}</bdi>
      </span>
      <span className="nowrap">
        {everywhere
          ? `everywhere in ${formatDuration(slowestChannelMs(moment))}`
          : `${delays_ms.size} of ${channels} channels`}
      </span>
      <span className={panel['below']}>
        {[...delays_ms].map(([channel, delay_ms]) => (
          <span key={channel} className="nowrap">
            {channel} {formatDuration(delay_ms)}
          </span>
        ))}
      </span>
    </button>
  );
}
