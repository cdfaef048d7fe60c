import { topics, type Topic } from '@nerveline/contracts';

/** The partition of a key, as the log has it. */
export type PartitionOf = (key: string, partitions: number) => number;

/** The topics whose records decisions depend on. This service is their only writer, so it knows their next offsets. */
export const inputTopics: readonly Topic[] = [topics.positions, topics.traffic, topics.fleetCommands];

export const partitionName = (topic: string, partition: number): string => `${topic}/${partition}`;

/**
 * The next offset of each of our input partitions, counted on with every record that is on its way: that is how a
 * decision can name, in the very commit that makes its inputs durable, what it saw.
 */
export class OwnOffsets {
  readonly #next = new Map<string, number>();

  constructor(private readonly partitionOf: PartitionOf) {}

  set(topic: string, partition: number, next_offset: number): void {
    this.#next.set(partitionName(topic, partition), next_offset);
  }

  /** Takes the next offset of the key's partition. */
  take(topic: Topic, key: string): { readonly partition: number; readonly offset: number } {
    const partition = this.partitionOf(key, topic.partitions);
    const name = partitionName(topic.name, partition);
    const offset = this.#next.get(name) ?? 0;
    this.#next.set(name, offset + 1);
    return { partition, offset };
  }

  partition(topic: Topic, key: string): number {
    return this.partitionOf(key, topic.partitions);
  }

  /** What a decision on one vehicle saw, now or at an earlier state: its positions, its commands, and the traffic. */
  seenBy(vehicle_key: string, seen?: Readonly<Record<string, number>>): Record<string, number> {
    return Object.fromEntries(
      inputTopics.map((topic) => {
        const partition = topic.partitions === 1 ? 0 : this.partition(topic, vehicle_key);
        const name = partitionName(topic.name, partition);
        return [name, (seen === undefined ? this.#next.get(name) : seen[name]) ?? 0];
      }),
    );
  }

  /** What a change that concerns everybody saw. */
  all(): Record<string, number> {
    return Object.fromEntries(
      inputTopics.flatMap((topic) =>
        Array.from({ length: topic.partitions }, (_, partition) => {
          const name = partitionName(topic.name, partition);
          return [name, this.#next.get(name) ?? 0] as const;
        }),
      ),
    );
  }
}
