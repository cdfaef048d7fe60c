import type { PositionVector, PushFrame, PushItem, PushStreamName } from '@nerveline/contracts';
import type { PushLimits } from '../limits';
import { movedPartitions } from './position';
import type { PushRecord } from './push-record';

/** A frame with what it takes on the wire, about. */
export interface SizedFrame {
  readonly frame: PushFrame;
  readonly wire_bytes: number;
  /** Where a client stands before it, in every partition. */
  readonly before: PositionVector;
}

export interface FrameInput {
  readonly stream: PushStreamName;
  readonly kind: PushFrame['kind'];
  /** In the order in which clients get them; within a partition by rising offset. */
  readonly records: readonly PushRecord[];
  /** Where the client stands before the first frame, and behind the last one. */
  readonly from: PositionVector;
  readonly to: PositionVector;
  readonly behind: number;
}

const FRAME_OVERHEAD_BYTES = 200;

/**
 * Cuts records into frames. Each frame says where the client stands behind it, so that one that is cut off between two
 * frames resumes with the second. There is at least one frame, an empty one where no record moved the position. A
 * snapshot names every partition, a delta those that moved.
 */
export function cutFrames(
  input: FrameInput,
  decode: (record: PushRecord) => PushItem | undefined,
  limits: Pick<PushLimits, 'frame_bytes' | 'frame_records'>,
): SizedFrame[] {
  const frames: SizedFrame[] = [];
  let position: PositionVector = input.from;
  let items: PushItem[] = [];
  const next: Record<string, number> = {};
  let bytes = 0;

  const close = (after: PositionVector, behind: number) => {
    const kind = frames.length === 0 ? input.kind : 'delta';
    const moved = movedPartitions(position, after);
    const named = kind === 'delta' ? moved : Object.keys(after);
    const frame: PushFrame = {
      stream: input.stream,
      kind,
      items,
      from: pick(position, named),
      position: pick(after, named),
      behind,
    };
    frames.push({ frame, wire_bytes: FRAME_OVERHEAD_BYTES + bytes, before: position });
    position = after;
    items = [];
    bytes = 0;
  };

  for (const [index, record] of input.records.entries()) {
    next[record.partition_id] = record.offset + 1;
    const item = decode(record);
    if (item !== undefined) items.push(item);
    bytes += record.wire_bytes;
    const left = input.records.length - index - 1;
    if (left > 0 && (bytes >= limits.frame_bytes || items.length >= limits.frame_records)) {
      close({ ...position, ...next }, input.behind + left);
    }
  }
  close(input.to, input.behind);
  return frames;
}

function pick(position: PositionVector, ids: readonly string[]): PositionVector {
  return Object.fromEntries(ids.map((id) => [id, position[id] ?? 0]));
}
