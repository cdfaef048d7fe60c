import type { QueryRunner } from 'typeorm';

/**
 * Makes the table in which sources declare their time. It belongs to no service, so the migrations of all that follow it
 * may make it; the migration lock keeps them apart.
 */
export async function createEventClockTable(runner: QueryRunner): Promise<void> {
  await runner.query('CREATE SCHEMA IF NOT EXISTS platform');
  await runner.query(`
    CREATE TABLE IF NOT EXISTS platform.event_clock (
      tenant_id text NOT NULL,
      source text NOT NULL CHECK (source IN ('payments', 'stock', 'fleet')),
      event_ms bigint NOT NULL,
      wall_ms bigint NOT NULL,
      speed double precision NOT NULL CHECK (speed > 0),
      PRIMARY KEY (tenant_id, source)
    )`);
}
