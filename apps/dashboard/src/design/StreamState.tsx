import type { PushStreamName } from '@nerveline/contracts';
import { useLive, useVersion } from '../app/live';
import styles from './controls.module.css';

/**
 * What stands in place of rows while there are none: still on their way, refused, or really none. A stream that has
 * shown rows once keeps them, whatever happens to it.
 */
export function StreamState({ stream, empty }: { stream: PushStreamName; empty: React.ReactNode }) {
  const { client, stores } = useLive();
  useVersion(stores.connection);
  const status = stores.connection.stream(stream);
  switch (status.phase) {
    case 'failed':
      return (
        <div className={styles['notice']} role="alert">
          <strong>This stream was refused.</strong>
          <p>
            {status.detail} <code>{status.code}</code>
          </p>
          <button type="button" className={styles['button']} onClick={() => client.retry(stream)}>
            Ask again
          </button>
        </div>
      );
    case 'live':
      return <div className={styles['notice']}>{empty}</div>;
    case 'idle':
    case 'waiting':
      return (
        <div className={styles['notice']} role="status">
          <span className={styles['waiting']}>Waiting for the first snapshot</span>
        </div>
      );
  }
}
