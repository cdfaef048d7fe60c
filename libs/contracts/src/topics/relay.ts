import { z } from 'zod';
import { COMPACTED, DAYS_7, defineTopic } from './topic';

/** How far a table's rows, as they were before the stream reached them, are in the log. */
export const tableSnapshot = z.strictObject({
  /** A table that was dropped and made anew is another one. */
  relation_oid: z.int().min(1),
  state: z.enum(['running', 'finished']),
  /** The source as of which the last chunk was read. */
  snapshot_lsn: z.string(),
  /** Finished chunks, and the rows in them. */
  chunks: z.int().min(0),
  rows: z.int().min(0),
  /** Key of the last row that is in the log: the next chunk begins behind it, also after a restart. */
  after_key: z.array(z.string()).nullable(),
});
export type TableSnapshot = z.infer<typeof tableSnapshot>;

/** Where a slot stands: what makes a restart exact. One record for each slot, the last one counts. */
export const relayProgress = z.strictObject({
  format_version: z.literal(1),
  slot: z.string(),
  epoch: z.strictObject({ system_id: z.string(), timeline: z.int().min(1) }),
  /**
   * Every change whose commit LSN is below this position is in the log. The slot's confirmed position never passes it:
   * a slot that is ahead shows that the log lost records.
   */
  floor_lsn: z.string(),
  /** Partition counts of the change topics when the floor was written. */
  partitions: z.record(z.string(), z.int().min(1)),
  /** By `SCHEMA.TABLE`. A published table that is missing here has not been read yet. */
  tables: z.record(z.string(), tableSnapshot),
});
export type RelayProgress = z.infer<typeof relayProgress>;

/**
 * A source transaction's BEGIN or END, as Debezium writes it. END counts the changes for each topic and partition, the
 * tombstones behind deletes not included, so that a reader knows when it has seen the whole transaction.
 */
export const transactionMark = z.strictObject({
  status: z.enum(['BEGIN', 'END']),
  id: z.string(),
  ts_ms: z.number(),
  event_count: z.int().nullable(),
  data_collections: z
    .array(
      z.strictObject({
        data_collection: z.string(),
        event_count: z.int(),
        /** Our addition: changes by partition of the collection's topic. */
        partitions: z.record(z.string(), z.int()),
      }),
    )
    .nullable(),
  /** Our addition: position of the commit. */
  position: z.string(),
});
export type TransactionMark = z.infer<typeof transactionMark>;

/** A column as the stream describes it, in the order of the table. */
export const columnShape = z.strictObject({
  name: z.string(),
  /** Object id of its type in `pg_type`; the same in every database for PostgreSQL's own types. */
  type_oid: z.int(),
  /** Precision or length, as PostgreSQL keeps it (`atttypmod`); -1 without. */
  type_modifier: z.int(),
  /** Part of the replica identity: an update or delete tells its old value. */
  is_identity: z.boolean(),
});
export type ColumnShape = z.infer<typeof columnShape>;

export const tableShape = z.strictObject({
  relation_oid: z.int(),
  /** `d` the primary key, `i` an index, `f` the full row, `n` nothing. */
  replica_identity: z.enum(['d', 'i', 'f', 'n']),
  columns: z.array(columnShape),
});
export type TableShape = z.infer<typeof tableShape>;

/** One difference between two shapes of a table. */
export const shapeChange = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('added'), column: columnShape }),
  z.strictObject({ kind: z.literal('dropped'), column: columnShape }),
  z.strictObject({ kind: z.literal('renamed'), from: z.string(), to: z.string() }),
  z.strictObject({ kind: z.literal('retyped'), before: columnShape, after: columnShape }),
  /** Other columns than before tell which row is meant. */
  z.strictObject({ kind: z.literal('identity_changed') }),
  /** Dropped and made anew under the same name. */
  z.strictObject({ kind: z.literal('recreated') }),
]);
export type ShapeChange = z.infer<typeof shapeChange>;

/**
 * A table has another shape from here on. Its position is that of the first row of the new shape, and it is written ahead
 * of that row; a table's first event has nothing before it. The last event of a table is its shape now.
 */
export const schemaChanged = z.strictObject({
  format_version: z.literal(1),
  /** `SCHEMA.TABLE` */
  table: z.string(),
  position: z.string(),
  /** When the transaction of that row committed; for a snapshot, when it was read. */
  ts_ms: z.number(),
  before: tableShape.nullable(),
  after: tableShape,
  changes: z.array(shapeChange),
});
export type SchemaChanged = z.infer<typeof schemaChanged>;

export const relayTopics = {
  progress: defineTopic({
    name: 'relay.progress',
    key: 'slot',
    schema: relayProgress,
    encoding: 'json',
    partitions: 1,
    retention: COMPACTED,
    owner: 'cdc-relay',
    description: 'Floor LSN, epoch and snapshot chunks of each slot.',
  }),
  transactions: defineTopic({
    name: 'cdc.transaction',
    key: 'transaction id',
    schema: transactionMark,
    encoding: 'json',
    partitions: 1,
    retention: DAYS_7,
    owner: 'cdc-relay',
    description: 'BEGIN and END of source transactions with their row counts.',
  }),
  schemas: defineTopic({
    name: 'cdc.schema',
    key: 'SCHEMA.TABLE',
    schema: schemaChanged,
    encoding: 'json',
    // One order for all tables, and one tail that a restart looks at.
    partitions: 1,
    retention: COMPACTED,
    owner: 'cdc-relay',
    description: 'Shapes of the source tables: what changed, ahead of the first row that has it.',
  }),
} as const;
