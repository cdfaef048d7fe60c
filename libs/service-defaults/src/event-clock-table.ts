import type { QueryRunner } from 'typeorm';

const TIME_MAX_MS = 253_402_300_799_999;
const SPEED_MAX = 1_000_000;

/**
 * Makes the table in which sources declare their time. It belongs to no service, so the migrations of all that follow it
 * may make it; the migration lock keeps them apart. Its checks are those of the topic's schema: what the table takes,
 * every reader can read. They are set anew on a table that an earlier version made, for rows from then on.
 */
export async function createEventClockTable(runner: QueryRunner): Promise<void> {
  await runner.query('CREATE SCHEMA IF NOT EXISTS platform');
  await runner.query(`
    CREATE TABLE IF NOT EXISTS platform.event_clock (
      tenant_id text NOT NULL,
      source text NOT NULL,
      event_ms bigint NOT NULL,
      wall_ms bigint NOT NULL,
      speed double precision NOT NULL,
      PRIMARY KEY (tenant_id, source)
    )`);
  await runner.query('ALTER TABLE platform.event_clock DROP CONSTRAINT IF EXISTS a_clock_can_be_read');
  await runner.query(`
    ALTER TABLE platform.event_clock ADD CONSTRAINT a_clock_can_be_read CHECK (
      tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$' AND source IN ('payments', 'stock', 'fleet')
      AND event_ms BETWEEN 0 AND ${TIME_MAX_MS} AND wall_ms BETWEEN 0 AND ${TIME_MAX_MS}
      AND speed > 0 AND speed <= ${SPEED_MAX}
    ) NOT VALID`);
}
