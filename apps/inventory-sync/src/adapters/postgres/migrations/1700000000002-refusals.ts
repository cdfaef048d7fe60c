import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Refused reservations, written in the transaction that keeps the refusal's answer: change capture brings them into the
 * log, so that none is lost and none is told twice. A row lives as long as the answer.
 */
export class Refusals1700000000002 implements MigrationInterface {
  readonly name = 'Refusals1700000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE inventory.reservation_refusals (
      tenant_id text NOT NULL,
      idempotency_key text NOT NULL,
      channel_id text NOT NULL,
      holder text NOT NULL CHECK (length(holder) BETWEEN 1 AND 256),
      lines text NOT NULL,
      refused text NOT NULL,
      subject text NOT NULL,
      event_ms bigint NOT NULL,
      PRIMARY KEY (tenant_id, idempotency_key),
      FOREIGN KEY (tenant_id, idempotency_key) REFERENCES inventory.idempotency_keys ON DELETE CASCADE)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE inventory.reservation_refusals');
  }
}
