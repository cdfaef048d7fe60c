import type { PositionVector, Topic } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';

/** `topic/partition`, as positions name it. */
export const partitionId = (topic: string, partition: number): string => `${topic}/${partition}`;

/** One partition of a stream. */
export interface StreamPartition {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
}

export function partitionsOf(topics: readonly Topic[]): StreamPartition[] {
  return topics.flatMap((topic) =>
    Array.from({ length: topic.partitions }, (_, partition) => ({
      id: partitionId(topic.name, partition),
      topic: topic.name,
      partition,
    })),
  );
}

/** The entries of `after` that differ from `before`. */
export function movedPartitions(before: PositionVector, after: PositionVector): string[] {
  return Object.keys(after).filter((id) => after[id] !== before[id]);
}

/** @throws NervelineError `NL-PSH-002` when the position names a partition that isn't the stream's */
export function checkPartitions(position: PositionVector, partitions: readonly StreamPartition[]): void {
  const known = new Set(partitions.map(({ id }) => id));
  const foreign = Object.keys(position).find((id) => !known.has(id));
  if (foreign === undefined) return;
  throw new NervelineError('NL-PSH-002', { detail: `${foreign} is not of this stream`, field: `from.${foreign}` });
}
