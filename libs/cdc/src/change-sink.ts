import type { RelayProgress, SchemaChanged } from '@nerveline/contracts';
import type { OutRecord, RecordPosition } from '@nerveline/kernel';

/**
 * Where captured changes go: the port that apps/cdc-relay joins to the log. What it took is durable when it resolves;
 * only then does the slot's confirmed position pass it.
 */
export interface ChangeSink {
  /** All or none where the log can; else a prefix of the order given. */
  write(records: readonly OutRecord[]): Promise<readonly RecordPosition[]>;
  /** Header `source_position` of the last record of a partition, for the drop of what is already there. */
  lastPosition(topic: string, partition: number): Promise<string | undefined>;
  /** The last record of `relay.progress` for this slot. */
  readProgress(slot: string): Promise<RelayProgress | undefined>;
  /** The last record of `cdc.schema` for each table. */
  readSchemas(): Promise<readonly SchemaChanged[]>;
}

/** The partition of a topic for the leading columns of a key; apps/cdc-relay gives the one of the log. */
export type PartitionOf = (order_key: string, partitions: number) => number;
