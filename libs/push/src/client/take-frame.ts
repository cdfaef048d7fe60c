import type { PositionVector, PushFrame, PushItem } from '@nerveline/contracts';

/** What a frame means to a client that stands at a position. */
export type Taken =
  | { readonly kind: 'apply'; readonly fresh: readonly PushItem[]; readonly position: PositionVector }
  /** Something is missing in between: ask again from the client's own position. */
  | { readonly kind: 'gap' }
  /** A delta of an older subscription, ahead of the snapshot that this one waits for. */
  | { readonly kind: 'early' };

/** Takes each record once, whatever the connection repeats. */
export function takeFrame(position: PositionVector | null, frame: PushFrame): Taken {
  if (frame.kind !== 'delta') return { kind: 'apply', fresh: frame.items, position: frame.position };
  if (position === null) return { kind: 'early' };
  const missing = Object.entries(frame.from ?? {}).some(([id, next]) => next > (position[id] ?? 0));
  if (missing) return { kind: 'gap' };
  const fresh = frame.items.filter(
    ({ topic, partition, offset }) => offset >= (position[`${topic}/${partition}`] ?? 0),
  );
  const after: Record<string, number> = { ...position };
  for (const [id, next] of Object.entries(frame.position)) after[id] = Math.max(after[id] ?? 0, next);
  return { kind: 'apply', fresh, position: after };
}
