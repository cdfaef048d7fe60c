import type { Principal, PushStreamName } from '@nerveline/contracts';
import { createContext, use, useEffect, useSyncExternalStore } from 'react';
import type { LiveClient } from '../client/live-client';
import type { Store } from '../client/store';
import type { Stores } from '../model/stores';

/** What every page works with. */
export interface Live {
  readonly client: LiveClient;
  readonly stores: Stores;
  readonly principal: Principal;
  readonly token: string;
}

const LiveContext = createContext<Live | null>(null);
export const LiveProvider = LiveContext.Provider;

export function useLive(): Live {
  const live = use(LiveContext);
  if (live === null) throw new Error('useLive needs a LiveProvider above it');
  return live;
}

/** Renders again when the store has changed, at most once a frame. The version serves as a dependency of memos. */
export const useVersion = (store: Store): number => useSyncExternalStore(store.subscribe, store.version);

/** Reads streams while the component is on the page. */
export function useStreams(...names: readonly PushStreamName[]): void {
  const { client } = useLive();
  const joined = names.join(' ');
  useEffect(() => {
    const releases = names.map((name) => client.retain(name));
    return () => releases.forEach((release) => release());
    // The names are constants of the page; their text stands for them.
  }, [client, joined]);
}

const seconds = { count: 0, listeners: new Set<() => void>() };
let ticking: ReturnType<typeof setInterval> | null = null;

function subscribeToSeconds(listener: () => void): () => void {
  seconds.listeners.add(listener);
  ticking ??= setInterval(() => {
    seconds.count += 1;
    for (const each of seconds.listeners) each();
  }, 1_000);
  return () => {
    seconds.listeners.delete(listener);
    if (seconds.listeners.size > 0 || ticking === null) return;
    clearInterval(ticking);
    ticking = null;
  };
}

/** Renders once a second, for ages and windows; all of the page on the same beat. */
export const useSeconds = (): number => useSyncExternalStore(subscribeToSeconds, () => seconds.count);

/** Whether what the page shows is older than it should be. */
export function useStale(): boolean {
  const { stores } = useLive();
  useVersion(stores.connection);
  const { phase } = stores.connection.connection;
  return phase === 'offline' || phase === 'refused';
}
