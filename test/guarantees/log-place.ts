import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { openKafkaLog, openLog, type Log, type LogTopic } from '@nerveline/log';
import { createTempDirectory } from '@nerveline/testing';

/** Where the log of one test lies. */
export interface LogPlace extends AsyncDisposable {
  readonly data_directory: string;
  /** What programs of the platform find it by. */
  readonly environment: Readonly<Record<string, string>>;
  /** For the test itself. */
  open(service: string, catalogue?: readonly LogTopic[]): Promise<Log>;
}

export type OpenLogPlace = () => Promise<LogPlace>;

/** On this machine. */
export async function embeddedPlace(): Promise<LogPlace> {
  const directory = await createTempDirectory();
  const { path: data_directory } = directory;
  return {
    data_directory,
    environment: { NERVELINE_DATA_DIR: data_directory },
    open: (service, catalogue = []) => openLog({ data_directory, service, catalogue }),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** After so long without a sign of life an instance that was killed has gone. */
const SESSION_MS = 1_000;

/** On the broker that others share: with names of its own. */
export async function kafkaPlace(broker: string): Promise<LogPlace> {
  const directory = await createTempDirectory();
  const prefix = `t${randomUUID().slice(0, 8)}.`;
  return {
    data_directory: directory.path,
    environment: {
      NERVELINE_DATA_DIR: directory.path,
      KAFKA_BROKERS: broker,
      KAFKA_PREFIX: prefix,
      KAFKA_SESSION_MS: String(SESSION_MS),
    },
    open: (service, catalogue = []) =>
      openKafkaLog({
        brokers: [broker],
        prefix,
        service,
        catalogue,
        data_directory: join(directory.path, 'test'),
        session_ms: SESSION_MS,
      }),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
