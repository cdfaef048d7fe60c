import { wrappedRecordBytes } from '@nerveline/contracts';
import type { LogTopic } from '../embedded/log-topic';

/** Names as the brokers know them: ours, behind the prefix of the platform. */
export class KafkaNames {
  constructor(
    private readonly prefix: string,
    private readonly service: string,
  ) {}

  /** Of a topic or a group. */
  broker(name: string): string {
    return `${this.prefix}${name}`;
  }

  /** Ours again; undefined for a stranger's. */
  own(name: string): string | undefined {
    return name.startsWith(this.prefix) ? name.slice(this.prefix.length) : undefined;
  }

  /** The changelog of the service's keyed state. */
  get changelog(): string {
    return this.broker(`${this.service}.state`);
  }

  /** Who commits without ownership: the one process of a service that isn't shared. */
  get sole_writer(): string {
    return this.broker(this.service);
  }

  /** The group whose one member is the instance that works, where one works at a time. */
  get active(): string {
    return activeGroup(this.broker(this.service));
  }

  /** Who commits for one partition number of a group: each new owner fences the one before. */
  owner(group: string, partition: number): string {
    return this.broker(`${group}/${partition}`);
  }
}

/** By the broker's name of a service. */
export const activeGroup = (service: string): string => `${service}.active`;

const HOUR_MS = 3_600_000;
/** How long a removed key's tombstone is kept, at least: a copy of the state that is older is made anew. */
export const TOMBSTONES_MS = 24 * HOUR_MS;
const BATCH_OVERHEAD_BYTES = 64 * 1024;

/** How a topic is set up. */
export function topicConfiguration(
  { retention, wraps_records }: Pick<LogTopic, 'retention' | 'wraps_records'>,
  { max_record_bytes, min_insync_replicas }: { max_record_bytes: number; min_insync_replicas: number | undefined },
): Record<string, string> {
  const largest_bytes = wraps_records === true ? wrappedRecordBytes(max_record_bytes) : max_record_bytes;
  const configuration: Record<string, string> = {
    'max.message.bytes': String(Math.max(1_048_588, largest_bytes + BATCH_OVERHEAD_BYTES)),
  };
  if (min_insync_replicas !== undefined) configuration['min.insync.replicas'] = String(min_insync_replicas);
  if (retention.kind === 'age') {
    return {
      ...configuration,
      'cleanup.policy': 'delete',
      'retention.ms': String(retention.retention_ms),
      ...(retention.retention_bytes !== undefined && { 'retention.bytes': String(retention.retention_bytes) }),
      // Retention counts from the append: a source that plays last year's data loses nothing. Event times stay in the records.
      'message.timestamp.type': 'LogAppendTime',
    };
  }
  return {
    ...configuration,
    'cleanup.policy': 'compact',
    'delete.retention.ms': String(TOMBSTONES_MS),
    // The cleaner would replace event times by append times. Nothing is dropped by its age here, so any time is welcome.
    'message.timestamp.type': 'CreateTime',
    'message.timestamp.before.max.ms': ANY_TIME,
    'message.timestamp.after.max.ms': ANY_TIME,
  };
}

const ANY_TIME = '9223372036854775807';
