import { NervelineError } from '@nerveline/kernel';
import { z } from 'zod';
import { checkCompression, COMPRESSIONS } from './wire/compression';

const MEBIBYTE = 1024 * 1024;

const saslSchema = z.strictObject({
  mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
  username: z.string().min(1),
  password: z.string().min(1),
});

/** Node's own TLS options; paths are read by whoever makes the settings. */
const tlsSchema = z.strictObject({
  ca: z.union([z.string(), z.array(z.string())]).optional(),
  cert: z.string().optional(),
  key: z.string().optional(),
  servername: z.string().optional(),
  rejectUnauthorized: z.boolean().optional(),
});

const settingsSchema = z.strictObject({
  brokers: z.array(z.string().regex(/^.+:\d+$/, 'must be HOST:PORT')).min(1),
  client: z.enum(['kafkajs', 'platformatic']).default('kafkajs'),
  client_id: z.string().min(1).default('nerveline'),
  /** Before the names of topics, groups and transactional ids, where several platforms share a cluster. */
  prefix: z.string().max(100).default(''),
  sasl: saslSchema.optional(),
  tls: tlsSchema.optional(),
  compression: z.enum(COMPRESSIONS).default('gzip'),
  /** Undefined makes topics with 3 and 2 where there are three brokers, else with 1, and takes those that exist as they are. */
  replication_factor: z.int().min(1).max(100).optional(),
  min_insync_replicas: z.int().min(1).max(100).optional(),
  /** False where the application may not: then missing topics are an error. */
  create_topics: z.boolean().default(true),
  connect_timeout_ms: z.int().min(100).max(60_000).default(5_000),
  /** After this long without an answer a connection is given up and another one made. */
  silence_ms: z.int().min(500).max(120_000).default(10_000),
  session_ms: z.int().min(300).max(1_800_000).default(10_000),
  heartbeat_ms: z.int().min(50).max(60_000).optional(),
  /** How long members that give partitions back may take for what is in hand. */
  drain_ms: z.int().min(100).max(600_000).default(30_000),
  /** An open transaction of an owner that died keeps its readers waiting until its successor, or this, ends it. */
  transaction_timeout_ms: z.int().min(1_000).max(900_000).default(60_000),
  /** How long a write is tried before it is refused with `NL-LOG-003`. */
  delivery_timeout_ms: z.int().min(1_000).max(600_000).default(120_000),
  /** How long a broker keeps a question for new records open. */
  fetch_wait_ms: z.int().min(10).max(30_000).default(250),
  fetch_partition_bytes: z
    .int()
    .min(1_024)
    .max(64 * MEBIBYTE)
    .default(MEBIBYTE),
  /** What may be read ahead, in all. */
  prefetch_bytes: z
    .int()
    .min(64 * 1024)
    .max(1024 * MEBIBYTE)
    .default(32 * MEBIBYTE),
  max_record_bytes: z
    .int()
    .min(1)
    .max(64 * MEBIBYTE)
    .default(MEBIBYTE),
  /** What may wait to be made durable before appends are refused. */
  max_pending_bytes: z
    .int()
    .min(1)
    .default(64 * MEBIBYTE),
});

/** @see KafkaSettings */
export type KafkaSettingsInput = z.input<typeof settingsSchema>;

/** What `openKafkaLog` goes by, checked and complete. */
export type KafkaSettings = Readonly<z.output<typeof settingsSchema>> & { readonly heartbeat_ms: number };

export type ConnectionSettings = Pick<KafkaSettings, 'client_id' | 'connect_timeout_ms' | 'tls' | 'sasl'>;

/** @throws NervelineError `NL-LOG-023` naming the first setting that is wrong, `NL-LOG-026` */
export function readKafkaSettings(input: KafkaSettingsInput): KafkaSettings {
  const parsed = settingsSchema.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refused(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}`);
  }
  const settings = parsed.data;
  const heartbeat_ms = settings.heartbeat_ms ?? Math.floor(settings.session_ms / 4);
  if (settings.session_ms <= 3 * heartbeat_ms) {
    throw refused(
      `session_ms ${settings.session_ms} must be over three times heartbeat_ms ${heartbeat_ms}: ` +
        'two lost heartbeats must not cost the partitions',
    );
  }
  if (settings.fetch_wait_ms >= settings.silence_ms) {
    throw refused(`fetch_wait_ms ${settings.fetch_wait_ms} must be below silence_ms ${settings.silence_ms}`);
  }
  if (settings.fetch_partition_bytes > settings.prefetch_bytes) {
    throw refused(`fetch_partition_bytes must not be over prefetch_bytes ${settings.prefetch_bytes}`);
  }
  const { replication_factor, min_insync_replicas } = settings;
  if (replication_factor !== undefined && (min_insync_replicas ?? 1) > replication_factor) {
    throw refused(`min_insync_replicas ${min_insync_replicas} is over replication_factor ${replication_factor}`);
  }
  checkCompression(settings.compression);
  return Object.freeze({ ...settings, heartbeat_ms });
}

const refused = (detail: string): NervelineError => new NervelineError('NL-LOG-023', { detail });
