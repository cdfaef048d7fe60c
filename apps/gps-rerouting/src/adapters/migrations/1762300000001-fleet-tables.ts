import { createEventClockTable } from '@nerveline/service-defaults';
import type { MigrationInterface, QueryRunner } from 'typeorm';

const TENANT = `tenant_id text NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$')`;
const TIME_MAX = 253_402_300_799_999;

const id = (column: string, needed = 'NOT NULL') =>
  `${column} text ${needed} CHECK (char_length(${column}) BETWEEN 1 AND 64 AND ${column} ~ '^[^[:space:]]'
     AND ${column} ~ '[^[:space:]]$' AND ${column} !~ '[[:cntrl:]]' AND ${column} IS NFC NORMALIZED)`;

/**
 * Vehicles, drivers and orders, which other programs write and which reach the service through change capture. The
 * checks are those of the topics' schemas: what a table takes, every reader can read. There are no foreign keys: the
 * tables are fed by systems that don't agree on an order.
 */
export class FleetTables1762300000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createEventClockTable(runner);
    await runner.query(`
      CREATE TABLE fleet.drivers (
        ${TENANT},
        ${id('driver_id')},
        name text NOT NULL CHECK (char_length(name) <= 256),
        PRIMARY KEY (tenant_id, driver_id)
      )`);
    await runner.query(`
      CREATE TABLE fleet.vehicles (
        ${TENANT},
        ${id('vehicle_id')},
        ${id('depot_id')},
        ${id('driver_id', '')},
        name text NOT NULL CHECK (char_length(name) <= 256),
        PRIMARY KEY (tenant_id, vehicle_id)
      )`);
    await runner.query(`
      CREATE TABLE fleet.orders (
        ${TENANT},
        ${id('order_id')},
        ${id('vehicle_id', '')},
        stop integer NOT NULL CHECK (stop >= 1),
        lat double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
        lon double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
        due_from_ms bigint CHECK (due_from_ms BETWEEN 0 AND ${TIME_MAX}),
        due_until_ms bigint CHECK (due_until_ms BETWEEN 0 AND ${TIME_MAX}),
        status text NOT NULL DEFAULT 'planned' CHECK (status IN ('planned', 'under_way', 'delivered', 'cancelled')),
        CHECK (due_from_ms <= due_until_ms),
        PRIMARY KEY (tenant_id, order_id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE fleet.orders');
    await runner.query('DROP TABLE fleet.vehicles');
    await runner.query('DROP TABLE fleet.drivers');
  }
}
