import { readSettings, serviceSettings } from '@nerveline/service-defaults';
import { z } from 'zod';

/** The service's settings; the rule's numbers are in its policy. */
const fraudScoringSettings = serviceSettings.extend({
  /** Card histories kept in memory, some 2 KB each; the others are read from the environment when they are needed. */
  CARD_CACHE_CARDS: z.coerce.number().int().min(1).max(10_000_000).default(10_000),
  /** Payments that may be under way at once; more are told to try again. */
  MAX_PAYMENTS_UNDER_WAY: z.coerce.number().int().min(1).max(1_000_000).default(4_096),
});
export type FraudScoringSettings = Readonly<z.output<typeof fraudScoringSettings>>;

/** @throws NervelineError `NL-API-012` */
export const readFraudScoringSettings = (environment?: NodeJS.ProcessEnv): FraudScoringSettings =>
  readSettings(fraudScoringSettings, environment);

const migrationSettings = z.object({ DATABASE_URL: z.string().min(1) });

/** @throws NervelineError `NL-API-012` */
export const readMigrationSettings = (environment?: NodeJS.ProcessEnv): Readonly<z.output<typeof migrationSettings>> =>
  readSettings(migrationSettings, environment);
