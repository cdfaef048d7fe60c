import { z } from 'zod';
import { COMPACTED, DEFAULT_PARTITIONS, defineTopic, type ServiceName } from './topic';

/** Bytes as they were in the log; null is null there. */
const base64 = z.base64().nullable();

/** What went wrong the last time. */
export const failure = z.strictObject({
  /** Of the error catalogue, or the class of an error that isn't from there. */
  code: z.string(),
  message: z.string(),
  stack: z.string(),
});

/**
 * A record that a group couldn't handle, whole, as it waits in a parked topic or lies in a dead letter topic. Its key
 * there is {@link heldRecordKey}; a tombstone says that it is settled.
 */
export const heldRecord = z.strictObject({
  format_version: z.literal(1),
  group: z.string(),
  /** Where the record stood first, whatever happened to it since. */
  topic: z.string(),
  partition: z.int().min(0),
  offset: z.int().min(0),
  key: base64,
  value: base64,
  headers: z.record(z.string(), z.string()),
  timestamp_ms: z.number(),
  appended_ms: z.number(),
  /** Why it is here: it failed, it is of a key that waits, or somebody sent it again. */
  reason: z.enum(['failed', 'behind', 'redriven']),
  /** Tries so far. */
  attempts: z.int().min(0),
  /** Wall time of the first try that failed; null when it was never tried. */
  first_failed_ms: z.number().nullable(),
  /** Wall time at which this was written. */
  held_ms: z.number(),
  /** Null when it was never tried. */
  failure: failure.nullable(),
  /** Who wrote it: an owner of the partition knows what it wrote itself. */
  held_by: z.string(),
});
export type HeldRecord = z.infer<typeof heldRecord>;

/** One record of one group. */
export const heldRecordKey = (
  place: Readonly<{ group: string; topic: string; partition: number; offset: number }>,
): string => `${place.group}/${place.topic}/${place.partition}/${place.offset}`;

const held = (name: string, owner: ServiceName, description: string) =>
  defineTopic({
    name,
    key: 'group/topic/partition/offset',
    schema: heldRecord,
    encoding: 'json',
    partitions: DEFAULT_PARTITIONS,
    retention: COMPACTED,
    owner,
    description,
    wraps_records: true,
  });

const parked = (owner: ServiceName) =>
  held(`parked.${owner}`, owner, `Records of keys that wait in ${owner} until a handler succeeds again.`);
const deadLetters = (owner: ServiceName) =>
  held(`dlq.${owner}`, owner, `Records that ${owner} could not handle: \`nerveline dlq\`.`);

export const heldTopics = {
  fraudParked: parked('fraud-scoring'),
  fraudDeadLetters: deadLetters('fraud-scoring'),
  inventoryParked: parked('inventory-sync'),
  inventoryDeadLetters: deadLetters('inventory-sync'),
  fleetParked: parked('gps-rerouting'),
  fleetDeadLetters: deadLetters('gps-rerouting'),
} as const;
