import type { PositionVector, PushFrame, PushItem } from '@nerveline/contracts';

/** What a frame means to a page that stands at a position. */
export type FrameVerdict =
  | {
      readonly kind: 'apply';
      /** The items replace what the page has of this stream. */
      readonly replace: boolean;
      /** The items that the page hasn't seen, in the frame's order. */
      readonly fresh: readonly PushItem[];
      readonly position: PositionVector;
      /** Items that came again and were left out. */
      readonly repeated: number;
    }
  /** Something is missing between the page and this frame: ask again from the page's own position. */
  | { readonly kind: 'gap'; readonly partition: string }
  /** A delta of an older subscription, before the snapshot that this one waits for. */
  | { readonly kind: 'early' };

const partitionOf = (item: PushItem): string => `${item.topic}/${item.partition}`;

/**
 * Takes a frame at a position. Whatever the connection does (frames twice, out of an older subscription, after a cut),
 * each record of a stream reaches the page once and in its partition's order.
 */
export function takeFrame(position: PositionVector | null, frame: PushFrame): FrameVerdict {
  if (frame.kind !== 'delta') {
    const { fresh, position: after, repeated } = dropRepeats({}, frame.items);
    return { kind: 'apply', replace: true, fresh, position: furthest(after, frame.position), repeated };
  }
  if (position === null) return { kind: 'early' };
  const gap = findGap(position, frame);
  if (gap !== null) return { kind: 'gap', partition: gap };
  const { fresh, position: after, repeated } = dropRepeats(position, frame.items);
  return { kind: 'apply', replace: false, fresh, position: furthest(after, frame.position), repeated };
}

/**
 * The first partition in which the frame starts after the page's position. Offsets alone can't tell: a log has holes
 * where records of other tenants, compacted ones or transaction marks are.
 */
function findGap(position: PositionVector, frame: PushFrame): string | null {
  for (const [partition, starts_at] of Object.entries(frame.from ?? {})) {
    if (starts_at > (position[partition] ?? 0)) return partition;
  }
  return null;
}

/**
 * Leaves out what lies before the page's position, and a record that stands twice in one frame. Within a frame offsets
 * may fall: a gauge's frame is ordered by key.
 */
function dropRepeats(position: PositionVector, items: readonly PushItem[]) {
  const after = { ...position };
  const seen = new Set<string>();
  const fresh: PushItem[] = [];
  for (const item of items) {
    const partition = partitionOf(item);
    const id = `${partition}@${item.offset}`;
    if (item.offset < (position[partition] ?? 0) || seen.has(id)) continue;
    seen.add(id);
    after[partition] = Math.max(after[partition] ?? 0, item.offset + 1);
    fresh.push(item);
  }
  return { fresh, position: after, repeated: items.length - fresh.length };
}

/** By partition the further of the two: a frame that comes again never moves a page back. */
function furthest(ours: PositionVector, theirs: PositionVector): PositionVector {
  const merged = { ...ours };
  for (const [partition, next] of Object.entries(theirs)) merged[partition] = Math.max(merged[partition] ?? 0, next);
  return merged;
}
