import { createEventClockTable } from '@nerveline/service-defaults';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const id = (column: string) =>
  `${column} ~ '^[^[:space:]]' AND ${column} ~ '[^[:space:]]$' AND ${column} !~ '[[:cntrl:]]' AND ${column} IS NFC NORMALIZED`;

const TENANT = `tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'`;

const CHECKS: readonly (readonly [table: string, check: string])[] = [
  ['products', `${TENANT} AND ${id('sku')} AND price_minor <= 9000000000000`],
  ['locations', `${TENANT} AND ${id('location_id')}`],
  ['channels', `${TENANT} AND ${id('channel_id')}`],
];

/**
 * The checks of the topics' schemas on the tables that people write: a row that no reader can read would stop every
 * reader of the change, so the table refuses it. For rows from now on; those that are there were read.
 */
export class ReadableRows1700000000003 implements MigrationInterface {
  readonly name = 'ReadableRows1700000000003';

  async up(runner: QueryRunner): Promise<void> {
    await createEventClockTable(runner);
    for (const [table, check] of CHECKS) {
      await runner.query(
        `ALTER TABLE inventory.${table} ADD CONSTRAINT ${table}_can_be_read CHECK (${check}) NOT VALID`,
      );
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [table] of CHECKS) {
      await runner.query(`ALTER TABLE inventory.${table} DROP CONSTRAINT ${table}_can_be_read`);
    }
  }
}
