import type { MapAnswer } from '@nerveline/contracts';
import { useEffect, useState } from 'react';
import { useLive, useVersion } from '../../app/live';
import { RoadMap } from '../../model/road-map';

export type RoadMapState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'map'; readonly map: RoadMap }
  | { readonly kind: 'failed'; readonly detail: string; readonly retry: () => void };

/** Fetched once for the life of the page: roads don't change while it is open. */
let fetched: Promise<RoadMap> | null = null;

async function fetchRoads(token: string): Promise<RoadMap> {
  const response = await fetch('/v1/map', { headers: { authorization: `Bearer ${token}` } }).catch((cause: unknown) => {
    // Each browser has its own words for it.
    throw new Error('The gateway does not answer.', { cause });
  });
  if (!response.ok) throw new Error(`The gateway answered ${response.status}.`);
  return new RoadMap((await response.json()) as MapAnswer);
}

export function useRoadMap(): RoadMapState {
  const { token, stores } = useLive();
  useVersion(stores.connection);
  const live = stores.connection.connection.phase === 'live';
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<RoadMapState>({ kind: 'loading' });
  const missing = state.kind !== 'map';
  useEffect(() => {
    if (!missing) return undefined;
    let wanted = true;
    const asked = (fetched ??= fetchRoads(token));
    asked.then(
      (map) => wanted && setState({ kind: 'map', map }),
      (error: unknown) => {
        fetched = null;
        const detail = error instanceof Error ? error.message : String(error);
        if (wanted) setState({ kind: 'failed', detail, retry: () => setAttempt((count) => count + 1) });
      },
    );
    return () => {
      wanted = false;
    };
  }, [token, attempt, live, missing]);
  return state;
}
