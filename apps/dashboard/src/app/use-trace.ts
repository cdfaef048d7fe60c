import type { EventLife, TraceRequest } from '@nerveline/contracts';
import { useEffect, useState } from 'react';
import { useLive, useVersion } from './live';

/** The answer to a question about one record. */
export type Traced =
  | { readonly kind: 'asking' }
  | { readonly kind: 'life'; readonly life: EventLife }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string };

/** `topic/partition/offset` as a request; null when it isn't one. */
export function parseRecordId(id: string): TraceRequest | null {
  const [, topic, partition, offset] = /^(.+)\/(\d+)\/(\d+)$/.exec(id) ?? [];
  if (topic === undefined) return null;
  return { topic, partition: Number(partition), offset: Number(offset) };
}

/** An event that has just come in has steps before it: it is asked about again, this long after each answer. */
const LATER_STEPS_MS = [250, 1_000, 3_000];

/** Asks the gateway where a record has been; again while it may still move on, and when a lost connection is back. */
export function useTrace(id: string): Traced {
  const { client, stores } = useLive();
  useVersion(stores.connection);
  const { phase } = stores.connection.connection;
  const [traced, setTraced] = useState<Traced & { readonly id?: string }>({ kind: 'asking' });
  useEffect(() => {
    let wanted = true;
    let later: ReturnType<typeof setTimeout> | undefined;
    const request = parseRecordId(id);
    if (request === null) {
      setTraced({ kind: 'failed', code: 'not_a_record', detail: 'This address names no record.', id });
      return undefined;
    }
    const ask = async (times: number): Promise<void> => {
      const answer = await client.trace(request);
      if (!wanted) return;
      if (answer.ok) setTraced({ kind: 'life', life: answer.value, id });
      // What was shown before the connection broke stays.
      else setTraced((shown) => (shown.id === id && shown.kind === 'life' ? shown : { ...answer, kind: 'failed', id }));
      const after_ms = LATER_STEPS_MS[times];
      if (answer.ok && after_ms !== undefined) later = setTimeout(() => void ask(times + 1), after_ms);
    };
    void ask(0);
    return () => {
      wanted = false;
      clearTimeout(later);
    };
  }, [client, id, phase]);
  return traced.id === id ? traced : { kind: 'asking' };
}
