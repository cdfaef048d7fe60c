import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { topicCatalogue } from '@nerveline/contracts';
import type { NervelineError } from '@nerveline/kernel';
import type { Log } from '../../ports/log';
import { EmbeddedLog } from './embedded-log';
import { EnvironmentWriter } from './environment-writer';
import { Housekeeping } from './housekeeping';
import { LogTopics, type LogTopic } from './log-topic';
import { CommitPreparer } from './prepare-commit';
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
  /** Hears of a background pass that failed; the next one tries again. Written to stderr when absent. */
  readonly onHousekeepingError?: (error: unknown) => void;
  /**
   * Called once when a write has failed and the log takes no more (`NL-LOG-016`). When absent the process ends with the
   * error: starting it again is what recovers.
   */
  readonly onBroken?: (error: NervelineError) => void;
  /** Fences another process that holds the environment and hangs. Without it that is an error. */
  readonly take_over?: boolean;
}

const MEBIBYTE = 1024 * 1024;

/**
 * Opens the durable log of this machine. The service's own environment is opened for writing, by one process at a time;
 * those of other services are opened for reading when they are needed.
 *
 * @throws NervelineError `NL-LOG-003` the disk refuses, `NL-LOG-005` damaged, `NL-LOG-006` written by a newer version, `NL-LOG-010` in use
 */
export async function openLog(options: OpenLogOptions): Promise<Log> {
  const { service, address = '', take_over = false, max_pending_bytes = 64 * MEBIBYTE, onBroken = end } = options;
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
    const own = environmentOf(service);
    const writes = topics.ownedBy(service).length > 0;
    const writer = writes
      ? await EnvironmentWriter.open(own, { log_directory, address, take_over, max_pending_bytes, onBroken })
      : undefined;
    const housekeeping = writer && keepHouse({ environment: own, writer, topics: topics.ownedBy(service) }, options);
    const preparer = new CommitPreparer(topics, service, options.max_record_bytes ?? MEBIBYTE);
    return new EmbeddedLog({ service, topics, preparer, writer, housekeeping, environmentOf, release });
  } catch (error) {
    await release();
    throw error;
  }
}

function keepHouse(own: ConstructorParameters<typeof Housekeeping>[0], options: OpenLogOptions): Housekeeping {
  return new Housekeeping(own, {
    interval_ms: options.housekeeping_interval_ms ?? 60_000,
    compaction_min_records: options.compaction_min_records ?? 10_000,
    onError: options.onHousekeepingError ?? ((error) => process.emitWarning(`log housekeeping: ${String(error)}`)),
  });
}

/** In a turn of its own, behind the callers whose write failed. */
function end(error: NervelineError): void {
  setImmediate(() => {
    throw error;
  });
}
