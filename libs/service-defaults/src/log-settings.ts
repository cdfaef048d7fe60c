import { readFileSync } from 'node:fs';
import { NervelineError } from '@nerveline/kernel';
import { z } from 'zod';

/** A variable that is set to nothing counts as one that isn't set: compose files pass on what nobody gave. */
const unlessEmpty = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((given) => (given === '' ? undefined : given), schema.optional());

const text = unlessEmpty(z.string());
const count = unlessEmpty(z.coerce.number().int().min(1).max(100));
const brokers = z
  .string()
  .transform((list) => list.split(',').map((broker) => broker.trim()))
  .pipe(z.array(z.string().regex(/^.+:\d+$/, 'must be HOST:PORT, separated by commas')));

/** Where the log lies: embedded, or on Apache Kafka when `KAFKA_BROKERS` is set. */
export const logSettings = z.object({
  /** `HOST:PORT`, separated by commas. */
  KAFKA_BROKERS: unlessEmpty(brokers),
  KAFKA_CLIENT: unlessEmpty(z.enum(['kafkajs', 'platformatic'])),
  /** Before the names of topics, groups and transactional ids, where several platforms share a cluster. */
  KAFKA_PREFIX: text,
  KAFKA_SASL_MECHANISM: unlessEmpty(z.enum(['plain', 'scram-sha-256', 'scram-sha-512'])),
  KAFKA_SASL_USERNAME: text,
  /** The password, or the file that holds it. */
  KAFKA_SASL_PASSWORD: text,
  KAFKA_SASL_PASSWORD_FILE: text,
  /** TLS with the authorities that Node trusts; files below in PEM. */
  KAFKA_TLS: unlessEmpty(z.enum(['true', 'false'])),
  KAFKA_TLS_CA_FILE: text,
  KAFKA_TLS_CERT_FILE: text,
  KAFKA_TLS_KEY_FILE: text,
  KAFKA_COMPRESSION: unlessEmpty(z.enum(['none', 'gzip', 'lz4', 'zstd'])),
  /** Of topics that are made, and what those that exist must have; 3 and 2 for new ones where there are three brokers. */
  KAFKA_REPLICATION_FACTOR: count,
  KAFKA_MIN_INSYNC_REPLICAS: count,
  /** `false` where the application may not: then a missing topic is an error. */
  KAFKA_CREATE_TOPICS: unlessEmpty(z.enum(['true', 'false'])),
  /** After so long without a sign of life an instance has lost what it owned. */
  KAFKA_SESSION_MS: unlessEmpty(z.coerce.number().int().min(300).max(1_800_000)),
  /** Tells the instances of a service apart where they share a data directory. */
  INSTANCE_ID: unlessEmpty(z.string().regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, - _ or .')),
});
export type LogSettings = Readonly<z.output<typeof logSettings>>;

/**
 * What the Kafka log is opened with; undefined for the embedded one.
 *
 * @throws NervelineError `NL-API-012` for settings that don't go together and files that can't be read
 */
export function kafkaSettings(settings: LogSettings) {
  const { KAFKA_BROKERS, KAFKA_CREATE_TOPICS } = settings;
  if (KAFKA_BROKERS === undefined) return undefined;
  const chosen = {
    client: settings.KAFKA_CLIENT,
    prefix: settings.KAFKA_PREFIX,
    sasl: saslOf(settings),
    tls: tlsOf(settings),
    compression: settings.KAFKA_COMPRESSION,
    replication_factor: settings.KAFKA_REPLICATION_FACTOR,
    min_insync_replicas: settings.KAFKA_MIN_INSYNC_REPLICAS,
    create_topics: KAFKA_CREATE_TOPICS === undefined ? undefined : KAFKA_CREATE_TOPICS === 'true',
    session_ms: settings.KAFKA_SESSION_MS,
  };
  return { brokers: KAFKA_BROKERS, ...chosen };
}

function saslOf(settings: LogSettings) {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username } = settings;
  const { KAFKA_SASL_PASSWORD, KAFKA_SASL_PASSWORD_FILE: file } = settings;
  const password = KAFKA_SASL_PASSWORD ?? fileOf('KAFKA_SASL_PASSWORD_FILE', file)?.trim();
  if (mechanism === undefined) {
    const lonely = username === undefined && password === undefined;
    if (lonely) return undefined;
    throw wrong('KAFKA_SASL_MECHANISM', 'is not set, and a user name or a password is');
  }
  if (username === undefined) throw wrong('KAFKA_SASL_USERNAME', `is needed for ${mechanism}`);
  if (password === undefined) throw wrong('KAFKA_SASL_PASSWORD', `is needed for ${mechanism}`);
  return { mechanism, username, password };
}

function tlsOf(settings: LogSettings) {
  const ca = fileOf('KAFKA_TLS_CA_FILE', settings.KAFKA_TLS_CA_FILE);
  const cert = fileOf('KAFKA_TLS_CERT_FILE', settings.KAFKA_TLS_CERT_FILE);
  const key = fileOf('KAFKA_TLS_KEY_FILE', settings.KAFKA_TLS_KEY_FILE);
  const has_files = [ca, cert, key].some((file) => file !== undefined);
  if (settings.KAFKA_TLS === 'false' && has_files) throw wrong('KAFKA_TLS', 'is false, and files for it are named');
  if ((cert === undefined) !== (key === undefined)) {
    throw wrong('KAFKA_TLS_KEY_FILE', 'and KAFKA_TLS_CERT_FILE go together');
  }
  if (settings.KAFKA_TLS !== 'true' && !has_files) return undefined;
  return { ca, cert, key };
}

function fileOf(field: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw wrong(field, `can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const wrong = (field: string, what: string): NervelineError =>
  new NervelineError('NL-API-012', { field, detail: `setting ${field}: ${what}` });
