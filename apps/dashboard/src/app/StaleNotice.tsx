import { formatDuration } from '../design/format';
import { useLive, useSeconds, useVersion } from './live';
import styles from './shell.module.css';

/** Says that the page stands still, since when, and what happens next. */
export function StaleNotice() {
  const { stores } = useLive();
  useVersion(stores.connection);
  useSeconds();
  const { connection } = stores.connection;
  if (connection.phase !== 'offline') return null;
  const age_ms = Math.max(0, stores.clock.now_ms() - connection.since_ms);
  return (
    <p className={styles['staleNotice']}>
      <strong>{connection.reason}</strong> You see the state of {formatDuration(Math.max(1_000, age_ms))} ago. The page
      goes on from there as soon as the gateway answers.
    </p>
  );
}
