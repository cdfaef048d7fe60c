import { NervelineError } from '@nerveline/kernel';
import { z } from 'zod';
import { logSettings } from './log-settings';

const port = z.coerce.number().int().min(0).max(65_535);
const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

/** What every service reads from its environment; a service adds its own settings with `.extend(...)`. */
export const serviceSettings = z.object({
  /** The interface to listen on. Loopback unless told otherwise. */
  HOST: z.string().default('127.0.0.1'),
  /** 0 takes any free port. */
  PORT: port.default(0),
  /** Where the embedded log and everything else that lasts is kept. */
  NERVELINE_DATA_DIR: z.string().min(1),
  /** How other hosts reach this service, where that differs from where it listens. */
  ADVERTISED_URL: z.url().optional(),
  /** Path or URL of the JWKS whose keys sign the tokens that this service trusts. */
  NERVELINE_JWKS: z.string().min(1),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  /** How long a stop may take until what is left is cut off. */
  DRAIN_DEADLINE_MS: z.coerce.number().int().min(100).max(600_000).default(10_000),
  BODY_LIMIT_BYTES: z.coerce
    .number()
    .int()
    .min(1_024)
    .max(64 * 1_048_576)
    .default(1_048_576),
  ...logSettings.shape,
});
/** The settings that every service has, as {@link readSettings} gives them. */
export type ServiceSettings = Readonly<z.output<typeof serviceSettings>>;

/** Is it an address that only this machine can reach? */
export const isLoopback = (host: string): boolean => LOOPBACK.includes(host);

/**
 * Reads the settings once, at boot, into a frozen object.
 *
 * @throws NervelineError `NL-API-012` naming the first setting that is wrong
 */
export function readSettings<Schema extends z.ZodType>(
  schema: Schema,
  environment: NodeJS.ProcessEnv = process.env,
): Readonly<z.output<Schema>> {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return Object.freeze(parsed.data);
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new NervelineError('NL-API-012', { field, detail: `setting ${field}: ${issue?.message ?? 'is wrong'}` });
}

/** How others reach this service, for its lease on the log; empty on a port that isn't known before it listens. */
export function advertisedUrl({ ADVERTISED_URL, HOST, PORT }: ServiceSettings): string {
  if (ADVERTISED_URL !== undefined) return ADVERTISED_URL;
  return PORT === 0 ? '' : `http://${HOST.includes(':') ? `[${HOST}]` : HOST}:${PORT}`;
}
