import { LSN_ZERO, type Lsn } from '@nerveline/kernel';

/** The place of a record among those of its partition. */
export interface PlaceInPartition {
  readonly topic: string;
  readonly partition: number;
  readonly commit_lsn: Lsn;
  readonly index: number;
}

/**
 * What the log has already when the stream begins again: everything below the floor, and above it, partition by
 * partition, everything up to the partition's tail.
 */
export class ResumePoint {
  readonly #tails: Map<string, PlaceInPartition>;

  constructor(
    readonly floor_lsn: Lsn,
    tails: readonly PlaceInPartition[],
  ) {
    this.#tails = new Map(tails.map((tail) => [`${tail.topic}/${tail.partition}`, tail]));
  }

  /** Where nothing has been written yet. */
  static empty(): ResumePoint {
    return new ResumePoint(LSN_ZERO, []);
  }

  isBelowFloor(commit_lsn: Lsn): boolean {
    return commit_lsn < this.floor_lsn;
  }

  /** Is this record at or below its partition's tail? Asked in the order of the stream. */
  isInLog(place: PlaceInPartition): boolean {
    if (this.#tails.size === 0) return false;
    const partition = `${place.topic}/${place.partition}`;
    const tail = this.#tails.get(partition);
    if (tail === undefined) return false;
    if (place.commit_lsn < tail.commit_lsn) return true;
    if (place.commit_lsn === tail.commit_lsn && place.index <= tail.index) return true;
    // Positions only grow from here: this tail is never asked for again.
    this.#tails.delete(partition);
    return false;
  }
}
