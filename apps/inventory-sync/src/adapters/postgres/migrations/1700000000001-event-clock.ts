import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The table in which a source declares its time. Every service that reads it makes it the same way. */
export class EventClock1700000000001 implements MigrationInterface {
  readonly name = 'EventClock1700000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE SCHEMA IF NOT EXISTS platform');
    await runner.query(`CREATE TABLE IF NOT EXISTS platform.event_clock (
      tenant_id text NOT NULL,
      source text NOT NULL,
      event_ms bigint NOT NULL,
      wall_ms bigint NOT NULL,
      speed double precision NOT NULL,
      PRIMARY KEY (tenant_id, source))`);
  }

  /** Left in place: other services read it too. */
  async down(): Promise<void> {}
}
