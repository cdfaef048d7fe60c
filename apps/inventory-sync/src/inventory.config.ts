import { readSettings, serviceSettings } from '@nerveline/service-defaults';
import { z } from 'zod';

const count = (least: number, most: number, standard: number) =>
  z.coerce.number().int().min(least).max(most).default(standard);

const database_url = z.string().regex(/^postgres(ql)?:\/\//, 'must be postgres://...');

/** What a migration reads from its environment. */
export const migrationSettings = z.object({ DATABASE_URL: database_url });

/** What the service reads from its environment. */
export const inventorySettings = serviceSettings
  .extend({
    /** The source database, where stock is granted. */
    DATABASE_URL: database_url,
    /** All connections of this process together. */
    DATABASE_CONNECTIONS: count(2, 64, 4),
    /** Batches of stock commands that run at the same time. */
    STOCK_LANES: count(1, 16, 2),
    MAX_BATCH_COMMANDS: count(1, 1_000, 256),
    /** Commands that may wait for a lane; more are refused. */
    MAX_WAITING_COMMANDS: count(1, 100_000, 10_000),
    /** How long an idempotency key is remembered. */
    IDEMPOTENCY_RETENTION_MS: count(60_000, 90 * 86_400_000, 7 * 86_400_000),
  })
  .refine((settings) => settings.STOCK_LANES < settings.DATABASE_CONNECTIONS, {
    path: ['STOCK_LANES'],
    message: 'must be below DATABASE_CONNECTIONS: reads and expiry need a connection too',
  });
export type InventorySettings = Readonly<z.output<typeof inventorySettings>>;

/** @throws NervelineError `NL-API-012` */
export const readInventorySettings = (environment?: NodeJS.ProcessEnv): InventorySettings =>
  readSettings(inventorySettings, environment);
