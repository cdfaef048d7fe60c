import { join } from 'node:path';
import { readSettings, serviceSettings } from '@nerveline/service-defaults';
import { z } from 'zod';

const url = z.url({ protocol: /^https?$/ }).optional();

export const liveGatewaySettings = serviceSettings.extend({
  /** The built dashboard. */
  DASHBOARD_DIR: z.string().default(join(__dirname, '../../../dashboard')),
  /** A file with an operator's token: with it the pages open on loopback without signing in. For one's own machine only. */
  NERVELINE_OPERATOR_TOKEN_FILE: z.string().min(1).optional(),
  /** How long the service behind a command may take. */
  COMMAND_DEADLINE_MS: z.coerce.number().int().min(100).max(60_000).default(8_000),
  CLIENTS_MAX: z.coerce.number().int().min(1).max(100_000).default(2_000),
  /** Where services answer whose lease tells no address. */
  CDC_RELAY_URL: url,
  FRAUD_SCORING_URL: url,
  INVENTORY_SYNC_URL: url,
  GPS_REROUTING_URL: url,
});
export type LiveGatewaySettings = Readonly<z.output<typeof liveGatewaySettings>>;

/** @throws NervelineError `NL-API-012` */
export const readLiveGatewaySettings = (environment?: NodeJS.ProcessEnv): LiveGatewaySettings =>
  readSettings(liveGatewaySettings, environment);
