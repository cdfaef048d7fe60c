import { readSettings, serviceSettings } from '@nerveline/service-defaults';
import { z } from 'zod';

const name = z
  .string()
  .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'must be a lower case name of at most 63 letters, digits and _');
const bytes = z.coerce.number().int().min(1_024).max(1_073_741_824);
const interval_ms = z.coerce.number().int().min(1).max(600_000);
const MIB = 1_048_576;

const fault = z
  .string()
  .regex(/^(before_append|after_append|before_confirm|in_snapshot_chunk):[1-9]\d{0,6}$/)
  .transform((text) => {
    const [point = '', count] = text.split(':');
    return { point, count: Number(count) };
  });

const sourceSettings = z.object({ DATABASE_URL: z.string().min(1) });

/** What the check of the source reads. @throws NervelineError `NL-API-012` */
export const readSourceUrl = (): string => readSettings(sourceSettings).DATABASE_URL;

export const relaySettings = serviceSettings
  .extend({
    ...sourceSettings.shape,
    RELAY_SLOT: name.default('nerveline'),
    RELAY_PUBLICATION: name.default('nerveline'),
    /** Which source tables of the contracts are carried: `SCHEMA.TABLE`, separated by commas; all when absent. */
    RELAY_TABLES: z
      .string()
      .transform((text) => text.split(',').map((table) => table.trim()))
      .optional(),
    RELAY_MAX_BATCH_BYTES: bytes.default(MIB),
    RELAY_MAX_PENDING_BYTES: bytes.default(4 * MIB),
    /** Large transactions are sent in parts before they end. */
    RELAY_IN_PROGRESS: z.enum(['on', 'off']).default('on'),
    /** Memory for transactions that have not ended, and what of them may lie in the data directory. */
    RELAY_MAX_HELD_BYTES: bytes.default(8 * MIB),
    RELAY_MAX_SPILL_BYTES: z.coerce
      .number()
      .int()
      .min(MIB)
      .default(64 * 1024 * MIB),
    RELAY_TAKEN_SLOT: z.enum(['wait', 'take_over', 'stop']).default('wait'),
    RELAY_LOST_SLOT: z.enum(['stop', 'resnapshot']).default('stop'),
    /** WAL that the source may keep for the slot; without it, only the server's own limit counts. */
    RELAY_WAL_BUDGET_BYTES: z.coerce.number().int().min(MIB).optional(),
    RELAY_OVER_WAL_BUDGET: z.enum(['stop', 'drop_slot_and_resnapshot']).default('stop'),
    RELAY_CONFIRM_INTERVAL_MS: interval_ms.default(1_000),
    RELAY_SNAPSHOT_CHUNK_ROWS: z.coerce.number().int().min(1).max(1_000_000).default(1_000),
    /** The largest change that the log takes. */
    RELAY_MAX_RECORD_BYTES: bytes.default(32 * MIB),
    /** Tests only: ends the process with SIGKILL when it passes a point for the nth time, `after_append:3`. */
    RELAY_FAULT: fault.optional(),
  })
  .refine((settings) => settings.RELAY_MAX_PENDING_BYTES >= 2 * settings.RELAY_MAX_BATCH_BYTES, {
    path: ['RELAY_MAX_PENDING_BYTES'],
    message: 'must be at least twice RELAY_MAX_BATCH_BYTES',
  });
export type RelaySettings = Readonly<z.output<typeof relaySettings>>;

/** @throws NervelineError `NL-API-012` naming the first setting that is wrong */
export const readRelaySettings = (): RelaySettings => readSettings(relaySettings);
