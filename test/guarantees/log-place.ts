import { randomUUID } from 'node:crypto';
import { openKafkaLog, openLog, type Log, type LogTopic } from '@nerveline/log';
import { createTempDirectory } from '@nerveline/testing';

/** Where the log of one test lies. */
export interface LogPlace extends AsyncDisposable {
  /** What programs of the platform find it by. */
  readonly environment: Readonly<Record<string, string>>;
  /** A program on it has begun its work after so long at the most. */
  readonly busy_ms: number;
  /** Enough for a processor to be busy with: a transaction of Kafka takes longer. */
  readonly records: number;
  /** For the test itself. */
  open(service: string, catalogue?: readonly LogTopic[]): Promise<Log>;
}

export type OpenLogPlace = () => Promise<LogPlace>;

/** After so long without a sign of life an instance that was killed has gone. */
const SESSION_MS = 1_000;

/** On this machine. */
export const embeddedPlace: OpenLogPlace = () => openPlace({}, { busy_ms: 150, records: 3_000 });

/** On the broker that others share: with names of its own. */
export const kafkaPlace = (broker: string): Promise<LogPlace> =>
  openPlace(
    {
      KAFKA_BROKERS: broker,
      KAFKA_PREFIX: `t${randomUUID().slice(0, 8)}.`,
      KAFKA_SESSION_MS: String(SESSION_MS),
    },
    // The session of the one that was killed before has to end first.
    { busy_ms: 2 * SESSION_MS, records: 600 },
  );

async function openPlace(
  where: Readonly<Record<string, string>>,
  size: Pick<LogPlace, 'busy_ms' | 'records'>,
): Promise<LogPlace> {
  const directory = await createTempDirectory();
  const environment = { NERVELINE_DATA_DIR: directory.path, ...where };
  return {
    environment,
    ...size,
    open: (service, catalogue = []) => openLogBy(environment, service, catalogue),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** Opens the log that an environment names, as one of several instances of the service. */
export function openLogBy(
  { NERVELINE_DATA_DIR: data_directory = '', KAFKA_BROKERS, KAFKA_PREFIX: prefix = '' }: NodeJS.ProcessEnv,
  service: string,
  catalogue: readonly LogTopic[],
): Promise<Log> {
  if (KAFKA_BROKERS === undefined) return openLog({ data_directory, service, catalogue });
  return openKafkaLog({ brokers: [KAFKA_BROKERS], prefix, service, catalogue, data_directory, session_ms: SESSION_MS });
}
