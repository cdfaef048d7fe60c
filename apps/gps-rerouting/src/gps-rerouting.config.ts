import { readSettings, serviceSettings } from '@nerveline/service-defaults';
import { z } from 'zod';

const roadsSettings = serviceSettings.pick({ NERVELINE_DATA_DIR: true }).extend({
  /** An .osm.pbf with the roads; a made-up city when absent. */
  NERVELINE_ROADS: z.string().min(1).optional(),
  /** Of the made-up city. */
  CITY_SEED: z.coerce.number().int().min(0).max(4_294_967_295).default(7),
  /** Directed segments of the made-up city, about. */
  CITY_SEGMENTS: z.coerce.number().int().min(500).max(2_000_000).default(30_000),
});
export type RoadsSettings = Readonly<z.output<typeof roadsSettings>>;

/** What the check of the roads reads. @throws NervelineError `NL-API-012` */
export const readRoadsSettings = (environment?: NodeJS.ProcessEnv): RoadsSettings =>
  readSettings(roadsSettings, environment);

/** The service's settings; the rules' numbers are in their policies. */
const gpsReroutingSettings = serviceSettings.extend({
  ...roadsSettings.shape,
  /** How often it looks whether the event clock has ended an incident or a proposal, and tells what is pending. */
  EXPIRY_INTERVAL_MS: z.coerce.number().int().min(10).max(60_000).default(200),
});
export type GpsReroutingSettings = Readonly<z.output<typeof gpsReroutingSettings>>;

/** @throws NervelineError `NL-API-012` */
export const readGpsReroutingSettings = (environment?: NodeJS.ProcessEnv): GpsReroutingSettings =>
  readSettings(gpsReroutingSettings, environment);

const migrationSettings = z.object({ DATABASE_URL: z.string().min(1) });

/** @throws NervelineError `NL-API-012` */
export const readMigrationSettings = (environment?: NodeJS.ProcessEnv): Readonly<z.output<typeof migrationSettings>> =>
  readSettings(migrationSettings, environment);
