import type { OutRecord, RecordPosition } from '@nerveline/kernel';

/**
 * Where captured changes go: the port that apps/cdc-relay joins to the log. What it took is durable when it resolves;
 * only then does the slot's confirmed position pass it.
 */
export interface ChangeSink {
  write(records: readonly OutRecord[]): Promise<readonly RecordPosition[]>;
  /** Header `source_position` of the last record of each partition, for the drop of what is already there. */
  lastPosition(topic: string, partition: number): Promise<string | undefined>;
}
