import { z } from 'zod';
import { COMPACTED, DAYS_7, defineTopic } from './topic';

/** Where a slot stands: what makes a restart exact. One record for each slot, the last one counts. */
export const relayProgress = z.strictObject({
  format_version: z.literal(1),
  slot: z.string(),
  epoch: z.strictObject({ system_id: z.string(), timeline: z.int().min(1) }),
  /** Everything up to and including this commit LSN is in the log. */
  floor_lsn: z.string(),
  /** Partition counts of the change topics when the floor was written. */
  partitions: z.record(z.string(), z.int().min(1)),
  snapshot: z
    .strictObject({
      id: z.string(),
      /** The slot's consistent point: the stream goes on from here. */
      consistent_lsn: z.string(),
      /** Finished chunks, `SCHEMA.TABLE#CHUNK`. */
      finished_chunks: z.array(z.string()),
      state: z.enum(['running', 'finished']),
    })
    .nullable(),
});
export type RelayProgress = z.infer<typeof relayProgress>;

/** A source transaction's BEGIN or END, as Debezium writes it; END counts the rows for each topic and partition. */
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
        /** Our addition: rows by partition of the collection's topic. */
        partitions: z.record(z.string(), z.int()),
      }),
    )
    .nullable(),
  /** Our addition: position of the commit. */
  position: z.string(),
});
export type TransactionMark = z.infer<typeof transactionMark>;

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
} as const;
