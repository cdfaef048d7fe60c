import { useEffect, useMemo, useState } from 'react';
import { LiveClient } from '../client/live-client';
import { openSession, type Session, type SessionAnswer } from '../client/session';
import { createStores } from '../model/stores';
import { LiveProvider, type Live } from './live';
import { Shell } from './Shell';
import { SignIn } from './SignIn';
import styles from './shell.module.css';

/** How often a page that found no gateway asks again. */
const ASK_AGAIN_MS = 2_000;

/** First a session, then the pages. */
export function App() {
  const [answer, setAnswer] = useState<SessionAnswer | null>(null);
  useEffect(() => {
    if (answer !== null && answer.kind !== 'unreachable') return undefined;
    const timer = setTimeout(() => void openSession().then(setAnswer), answer === null ? 0 : ASK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [answer]);

  if (answer === null) return <p className={styles['opening']}>Opening…</p>;
  switch (answer.kind) {
    case 'session':
      return (
        <Connected session={answer.session} onRefused={(reason) => setAnswer({ kind: 'sign_in', refused: reason })} />
      );
    case 'sign_in':
      return <SignIn refused={answer.refused} onAnswer={setAnswer} />;
    case 'unreachable':
      return (
        <p className={styles['opening']} role="status">
          The gateway does not answer. Asking again every {ASK_AGAIN_MS / 1_000} seconds.
        </p>
      );
  }
}

function Connected({ session, onRefused }: { session: Session; onRefused: (reason: string) => void }) {
  const live = useMemo(() => connect(session), [session]);
  useEffect(() => {
    const { connection } = live.stores;
    const stop = connection.subscribe(() => {
      const state = connection.connection;
      if (state.phase === 'live') live.stores.clock.goOn();
      else live.stores.clock.stop();
      if (state.phase === 'refused') onRefused(state.reason);
    });
    return () => {
      stop();
      live.client.close();
    };
  }, [live]);
  return (
    <LiveProvider value={live}>
      <Shell />
    </LiveProvider>
  );
}

function connect({ token, principal }: Session): Live {
  const stores = createStores();
  const client = new LiveClient({
    token,
    sinks: stores.sinks,
    connection: stores.connection,
    now_ms: () => stores.clock.now_ms(),
    onFlow: (status) => {
      stores.clock.observe(status);
      stores.flow.observe(status);
    },
  });
  return { client, stores, principal, token };
}
