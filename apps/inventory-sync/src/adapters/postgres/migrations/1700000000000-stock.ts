import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The books. Three guards stand under the code and hold whatever it does: the CHECKs on `stock_levels` (nothing is
 * oversold), the key of `stock_ledger` (two decisions that were made on the same past can't both stand), and the lock on
 * `ledger_heads` that writers take first. Any one of them keeps the promise; test/guarantees shows it.
 */
export class Stock1700000000000 implements MigrationInterface {
  readonly name = 'Stock1700000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE inventory.idempotency_keys, inventory.reservation_lines, inventory.reservations,
      inventory.stock_ledger, inventory.ledger_heads, inventory.stock_levels, inventory.channels, inventory.locations,
      inventory.products`);
    await runner.query('DROP FUNCTION inventory.open_ledger(), inventory.refuse_change()');
  }
}

const STATEMENTS = [
  `CREATE TABLE inventory.products (
     tenant_id text NOT NULL,
     sku text NOT NULL CHECK (length(sku) BETWEEN 1 AND 64),
     name text NOT NULL CHECK (length(name) <= 256),
     price_minor bigint NOT NULL CHECK (price_minor >= 0),
     currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
     PRIMARY KEY (tenant_id, sku))`,

  `CREATE TABLE inventory.locations (
     tenant_id text NOT NULL,
     location_id text NOT NULL CHECK (length(location_id) BETWEEN 1 AND 64),
     name text NOT NULL CHECK (length(name) <= 256),
     PRIMARY KEY (tenant_id, location_id))`,

  `CREATE TABLE inventory.channels (
     tenant_id text NOT NULL,
     channel_id text NOT NULL CHECK (length(channel_id) BETWEEN 1 AND 64),
     name text NOT NULL CHECK (length(name) <= 256),
     endpoint_url text CHECK (endpoint_url ~ '^https?://' AND length(endpoint_url) <= 2048),
     PRIMARY KEY (tenant_id, channel_id))`,

  // Room on the page for the next version: levels change all the time, and a change that stays on its page needs no
  // new index entry.
  `CREATE TABLE inventory.stock_levels (
     tenant_id text NOT NULL,
     sku text NOT NULL,
     location_id text NOT NULL,
     on_hand integer NOT NULL,
     reserved integer NOT NULL,
     version integer NOT NULL,
     PRIMARY KEY (tenant_id, sku, location_id),
     FOREIGN KEY (tenant_id, sku) REFERENCES inventory.products,
     FOREIGN KEY (tenant_id, location_id) REFERENCES inventory.locations,
     CONSTRAINT on_hand_is_not_negative CHECK (on_hand >= 0),
     CONSTRAINT reserved_is_not_negative CHECK (reserved >= 0),
     CONSTRAINT nothing_is_oversold CHECK (reserved <= on_hand)) WITH (fillfactor = 70)`,

  // One row for each product: who writes about a SKU locks it first, and its ledger goes on behind last_entry.
  `CREATE TABLE inventory.ledger_heads (
     tenant_id text NOT NULL,
     sku text NOT NULL,
     last_entry integer NOT NULL DEFAULT 0 CHECK (last_entry >= 0),
     PRIMARY KEY (tenant_id, sku),
     FOREIGN KEY (tenant_id, sku) REFERENCES inventory.products ON DELETE CASCADE) WITH (fillfactor = 70)`,

  `CREATE FUNCTION inventory.open_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     INSERT INTO inventory.ledger_heads (tenant_id, sku) VALUES (NEW.tenant_id, NEW.sku);
     RETURN NULL;
   END $$`,

  `CREATE TRIGGER open_ledger AFTER INSERT ON inventory.products
     FOR EACH ROW EXECUTE FUNCTION inventory.open_ledger()`,

  `CREATE TABLE inventory.stock_ledger (
     tenant_id text NOT NULL,
     sku text NOT NULL,
     entry integer NOT NULL CHECK (entry >= 1),
     location_id text NOT NULL,
     kind text NOT NULL
       CHECK (kind IN ('receipt', 'reserve', 'commit', 'release', 'expire', 'return', 'adjustment')),
     on_hand_delta integer NOT NULL,
     reserved_delta integer NOT NULL,
     on_hand_after integer NOT NULL,
     reserved_after integer NOT NULL,
     reservation_id text,
     channel_id text,
     reason text CHECK (length(reason) <= 256),
     subject text NOT NULL,
     principal text,
     event_ms bigint NOT NULL,
     PRIMARY KEY (tenant_id, sku, entry),
     CHECK (0 <= reserved_after AND reserved_after <= on_hand_after))`,

  `CREATE FUNCTION inventory.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     RAISE EXCEPTION 'the stock ledger is append-only: correct it with an adjustment' USING ERRCODE = 'restrict_violation';
   END $$`,

  `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON inventory.stock_ledger
     FOR EACH STATEMENT EXECUTE FUNCTION inventory.refuse_change()`,

  `CREATE TABLE inventory.reservations (
     tenant_id text NOT NULL,
     reservation_id text NOT NULL,
     channel_id text NOT NULL,
     holder text NOT NULL CHECK (length(holder) BETWEEN 1 AND 256),
     status text NOT NULL CHECK (status IN ('held', 'committed', 'released', 'expired')),
     created_at_ms bigint NOT NULL,
     expires_at_ms bigint NOT NULL,
     PRIMARY KEY (tenant_id, reservation_id))`,

  `CREATE INDEX reservations_due ON inventory.reservations (tenant_id, expires_at_ms) WHERE status = 'held'`,

  `CREATE TABLE inventory.reservation_lines (
     tenant_id text NOT NULL,
     reservation_id text NOT NULL,
     sku text NOT NULL,
     location_id text NOT NULL,
     quantity integer NOT NULL CHECK (quantity >= 1),
     PRIMARY KEY (tenant_id, reservation_id, sku, location_id),
     FOREIGN KEY (tenant_id, reservation_id) REFERENCES inventory.reservations)`,

  `CREATE TABLE inventory.idempotency_keys (
     tenant_id text NOT NULL,
     idempotency_key text NOT NULL,
     request_hash text NOT NULL,
     outcome jsonb NOT NULL,
     kept_since timestamptz NOT NULL DEFAULT now(),
     PRIMARY KEY (tenant_id, idempotency_key))`,

  `CREATE INDEX idempotency_keys_by_age ON inventory.idempotency_keys USING brin (kept_since)`,
];
