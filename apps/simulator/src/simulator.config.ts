import { readSettings, serviceSettings } from '@nerveline/service-defaults';
import { z } from 'zod';

const rate_per_s = z.coerce.number().min(0).max(10_000);
const speed = z.coerce.number().positive().max(1_000_000);
const switchSetting = z.enum(['true', 'false']).transform((text) => text === 'true');

const simulatorFiles = z.object({
  /** Play recorded data instead of making it up. */
  PAYMENTS_FILE: z.string().optional(),
  RETAIL_FILE: z.string().optional(),
});

export const simulatorSettings = serviceSettings.extend({
  DATABASE_URL: z.string().min(1),
  FRAUD_SCORING_URL: z.string().min(1),
  INVENTORY_SYNC_URL: z.string().min(1),
  GPS_REROUTING_URL: z.string().min(1),
  LIVE_GATEWAY_URL: z.string().min(1),
  /** File with a token that carries the scopes of payers, shoppers and drivers. */
  NERVELINE_TOKEN_FILE: z.string().min(1),
  /** The same seed gives the same world. */
  SEED: z.coerce.number().int().min(0).default(1),
  TENANT: z.string().default('demo'),
  PAYMENTS_PER_S: rate_per_s.default(4),
  ORDERS_PER_S: rate_per_s.default(2),
  VEHICLES: z.coerce.number().int().min(0).max(10_000).default(60),
  /** Jams, closures and rain make the demo lively; a measurement may want a quiet road. */
  INCIDENTS: switchSetting.default(true),
  ...simulatorFiles.shape,
  PAYMENTS_SPEED: speed.default(1),
  RETAIL_SPEED: speed.default(1),
  /** Recorded data and drives end after this much wall time; without it they go on to their end. */
  PLAY_FOR_S: z.coerce.number().positive().optional(),
});
export type SimulatorSettings = z.output<typeof simulatorSettings>;

export const readSimulatorSettings = () => readSettings(simulatorSettings);

/** What the check of the recorded files reads. */
export const readSimulatorFiles = () => readSettings(simulatorFiles);
