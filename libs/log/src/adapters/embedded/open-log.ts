import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { topicCatalogue } from '@nerveline/contracts';
import type { NervelineError } from '@nerveline/kernel';
import type { Log } from '../../ports/log';
import { EmbeddedLog } from './embedded-log';
import { EnvironmentWriter } from './environment-writer';
import { Housekeeping } from './housekeeping';
import { LogTopics, type LogTopic } from './log-topic';
import { useWriting, type Writing } from './own-environment';
import { partitionCountsToNote } from './partition-counts';
import { CommitPreparer } from './prepare-commit';
import { checkWindows, type ReadWindow } from './read-windows';
import { SharedEnvironment } from './shared-environment';

export interface OpenLogOptions {
  /** The environments lie in `log/SERVICE` below it. */
  readonly data_directory: string;
  /** Who opens it. A name that owns no topic reads only. */
  readonly service: string;
  /** Where this service answers, for {@link Log.ownerOf}. */
  readonly address?: string;
  /** Topics beside the platform's own; one of the same name replaces it. */
  readonly catalogue?: readonly LogTopic[];
  /** What may wait to be made durable before appends are refused; 64 MiB when absent. */
  readonly max_pending_bytes?: number;
  /** The largest record, headers included; 1 MiB when absent. */
  readonly max_record_bytes?: number;
  /** How often retention and compaction look for something to do; a minute when absent. */
  readonly housekeeping_interval_ms?: number;
  /** New records in a partition that make a compaction worth it; 10,000 when absent. */
  readonly compaction_min_records?: number;
  /**
   * What a partition keeps in the environment's own file, 32 MiB when absent; older records lie in files of this size,
   * which retention removes.
   */
  readonly segment_bytes?: number;
  /** Hears of a background pass that failed; the next one tries again. Written to stderr when absent. */
  readonly onHousekeepingError?: (error: unknown) => void;
  /**
   * Called once when a write has failed and the log takes no more (`NL-LOG-016`). When absent the process ends with the
   * error: starting it again is what recovers.
   */
  readonly onBroken?: (error: NervelineError) => void;
  /** Fences another process that holds the environment and hangs. Without it that is an error. */
  readonly take_over?: boolean;
  /**
   * Several processes of the service write its environment side by side and share its groups' partitions, see
   * {@link Log.join}. All of them say so; without it, one process writes.
   */
  readonly shared?: boolean;
  /** How far back this service reads topics: the start fails where one doesn't keep its records for so long. */
  readonly windows?: readonly ReadWindow[];
  /** How long a member may take to give a partition up before it goes to another without its word; 30 s when absent. */
  readonly group_drain_ms?: number;
}

const MEBIBYTE = 1024 * 1024;

/**
 * Opens the durable log of this machine. The service's own environment is opened for writing, by one process at a time;
 * those of other services are opened for reading when they are needed.
 *
 * @throws NervelineError `NL-LOG-003` the disk refuses, `NL-LOG-005` damaged, `NL-LOG-006` written by a newer version, `NL-LOG-010` in use,
 *   `NL-LOG-017` a window is longer than a topic's retention, `NL-LOG-022` a topic has other partitions
 */
export async function openLog(options: OpenLogOptions): Promise<Log> {
  const { service, shared = false } = options;
  const log_directory = join(options.data_directory, 'log');
  mkdirSync(log_directory, { recursive: true });
  const topics = new LogTopics([...topicCatalogue, ...(options.catalogue ?? [])]);
  const environments = new Map<string, SharedEnvironment>();
  const environmentOf = (name: string): SharedEnvironment => {
    const environment = environments.get(name) ?? SharedEnvironment.use(log_directory, name);
    environments.set(name, environment);
    return environment;
  };
  const release = async (): Promise<void> => {
    for (const environment of environments.values()) await environment.release();
  };
  try {
    const environment = environmentOf(service);
    const open = () => startWriting(environment, topics.ownedBy(service), { ...options, log_directory });
    const writing = topics.ownedBy(service).length > 0 ? await useWriting(environment, { shared, open }) : undefined;
    const preparer = new CommitPreparer(topics, service, options.max_record_bytes ?? MEBIBYTE);
    const drain_ms = options.group_drain_ms ?? 30_000;
    const log = new EmbeddedLog({ service, topics, preparer, writing, drain_ms, environmentOf, release });
    try {
      checkWindows(options.windows ?? [], topics, log.state);
    } catch (error) {
      await writing?.close();
      throw error;
    }
    return log;
  } catch (error) {
    await release();
    throw error;
  }
}

async function startWriting(
  environment: SharedEnvironment,
  topics: readonly LogTopic[],
  options: OpenLogOptions & { readonly log_directory: string },
): Promise<Writing> {
  const { log_directory, address = '', take_over = false, shared = false, onBroken = end } = options;
  const max_pending_bytes = options.max_pending_bytes ?? 64 * MEBIBYTE;
  const settings = { log_directory, address, take_over, shared, max_pending_bytes, onBroken };
  const writer = await EnvironmentWriter.open(environment, settings);
  try {
    await notePartitionCounts(environment, writer, topics);
  } catch (error) {
    await writer.close();
    throw error;
  }
  const housekeeping = new Housekeeping(
    { environment, writer, topics },
    {
      interval_ms: options.housekeeping_interval_ms ?? 60_000,
      compaction_min_records: options.compaction_min_records ?? 10_000,
      segment_bytes: options.segment_bytes ?? 32 * MEBIBYTE,
      onError: options.onHousekeepingError ?? ((error) => process.emitWarning(`log housekeeping: ${String(error)}`)),
    },
  );
  return { writer, housekeeping };
}

async function notePartitionCounts(
  environment: SharedEnvironment,
  writer: EnvironmentWriter,
  topics: readonly LogTopic[],
): Promise<void> {
  const missing = environment.read((file) => partitionCountsToNote(file, topics));
  if (missing.length === 0) return;
  await writer.submit({
    size_bytes: 0,
    stage(staging) {
      for (const write of partitionCountsToNote(staging.file, topics)) staging.write(write);
    },
  });
}

/** In a turn of its own, behind the callers whose write failed. */
function end(error: NervelineError): void {
  setImmediate(() => {
    throw error;
  });
}
