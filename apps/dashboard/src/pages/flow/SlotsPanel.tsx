import { useLive, useVersion } from '../../app/live';
import { formatBytes } from '../../design/format';
import { Panel } from '../../design/Panel';
import { Quiet } from '../../design/Quiet';
import { Sparkline } from '../../design/Sparkline';
import { StatusMark } from '../../design/StatusMark';
import styles from './flow.module.css';

/** Replication slots and the WAL that each holds back at the source. */
export function SlotsPanel() {
  const { stores } = useLive();
  useVersion(stores.flow);
  const slots = stores.flow.status?.slots ?? [];
  return (
    <Panel label="Replication slots" title="Slots" className={styles['slots']}>
      {slots.length === 0 && <Quiet>No slot is known yet.</Quiet>}
      {slots.map((slot) => {
        const retained = stores.flow.history(
          (status) => status.slots.find((each) => each.slot === slot.slot)?.retained_bytes,
        );
        return (
          <div key={slot.slot} className={styles['slot']}>
            <StatusMark
              health={slot.active ? 'good' : 'bad'}
              word={<strong>{slot.slot}</strong>}
              label={slot.active ? 'active' : 'not active'}
            />
            <span className="nowrap">
              {slot.retained_bytes !== null && `${formatBytes(slot.retained_bytes)} held back`}
            </span>
            <span className="muted">
              {slot.active ? 'active' : 'nobody reads it'}
              {slot.confirmed_lsn !== null && (
                <>
                  {', confirmed '}
                  <code>{slot.confirmed_lsn}</code>
                </>
              )}
            </span>
            {slot.retained_bytes !== null && (
              <Sparkline values={retained} width={104} label="WAL held back over the last two minutes" />
            )}
          </div>
        );
      })}
    </Panel>
  );
}
