import { useLive, useVersion } from '../../app/live';
import { formatBytes } from '../../design/format';
import { Sparkline } from '../../design/Sparkline';
import { StatusMark } from '../../design/StatusMark';
import styles from './flow.module.css';

/** Replication slots and the WAL that each holds back at the source. */
export function SlotsPanel() {
  const { stores } = useLive();
  useVersion(stores.flow);
  const slots = stores.flow.status?.slots ?? [];
  return (
    <section className={styles['slots']} aria-label="Replication slots">
      <header className={styles['panelHead']}>
        <h2>Slots</h2>
      </header>
      {slots.length === 0 && <p className={styles['quiet']}>No slot is known yet.</p>}
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
              <span className={styles['retained']}>
                <Sparkline values={retained} width={96} label="WAL held back over the last two minutes" />
                <span className="nowrap">{formatBytes(slot.retained_bytes)} held back</span>
              </span>
            )}
          </div>
        );
      })}
    </section>
  );
}
