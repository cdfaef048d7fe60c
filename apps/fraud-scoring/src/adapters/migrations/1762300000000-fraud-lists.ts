import { createEventClockTable } from '@nerveline/service-defaults';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The lists that people and programs write and that decisions read through change capture. The checks are those of the
 * topics' schemas: what the table takes, every reader can read. Ids are NFC, as ids from outside are made before they are
 * compared, so that no look-alike by encoding slips past the block list.
 */
export class FraudLists1762300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createEventClockTable(runner);
    await runner.query(`
      CREATE TABLE fraud.block_list (
        tenant_id text NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
        kind text NOT NULL CHECK (kind IN ('card', 'merchant')),
        value text NOT NULL CHECK (char_length(value) BETWEEN 1 AND 128 AND value = btrim(value) AND value IS NFC NORMALIZED),
        reason text NOT NULL DEFAULT '' CHECK (char_length(reason) <= 256),
        added_by text NOT NULL DEFAULT current_user CHECK (char_length(added_by) <= 256),
        PRIMARY KEY (tenant_id, kind, value)
      )`);
    await runner.query(`
      CREATE TABLE fraud.card_profiles (
        tenant_id text NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
        card text NOT NULL CHECK (char_length(card) BETWEEN 1 AND 128 AND card ~ '^[^[:space:]]' AND card ~ '[^[:space:]]$'
          AND card !~ '[[:cntrl:]]' AND card IS NFC NORMALIZED),
        home_country text CHECK (home_country ~ '^[A-Z]{2}$'),
        payment_limit_minor bigint CHECK (payment_limit_minor BETWEEN 0 AND 9000000000000),
        currency text CHECK (currency ~ '^[A-Z]{3}$'),
        PRIMARY KEY (tenant_id, card)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE fraud.card_profiles');
    await runner.query('DROP TABLE fraud.block_list');
  }
}
