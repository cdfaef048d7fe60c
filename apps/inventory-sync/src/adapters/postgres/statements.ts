/*
 * The statements of a step. They are named, so that PostgreSQL parses and plans each once for a connection: unnamed, the
 * planning of WRITE alone takes longer than its execution.
 */

/**
 * Locks the heads of the SKUs, and of those that the reservations hold, in the order of the SKUs.
 * $1, $2: tenants and SKUs; $3, $4: tenants and reservations.
 */
export const LOCK = {
  name: 'inventory_lock',
  text: `
    SELECT h.tenant_id, h.sku, h.last_entry
    FROM inventory.ledger_heads h
    WHERE (h.tenant_id, h.sku) IN (
      SELECT * FROM unnest($1::text[], $2::text[])
      UNION
      SELECT l.tenant_id, l.sku
      FROM unnest($3::text[], $4::text[]) r (tenant_id, reservation_id)
      JOIN inventory.reservation_lines l USING (tenant_id, reservation_id))
    ORDER BY h.tenant_id, h.sku
    FOR NO KEY UPDATE OF h`,
};

/**
 * Reads the books, in a statement of its own behind LOCK: it sees what those who held the locks before have committed.
 * $1, $2: SKUs; $3, $4: reservations; $5, $6: idempotency keys; $7, $8: channels; $9, $10: locations.
 */
export const LOAD = {
  name: 'inventory_load',
  text: `
    SELECT
      (SELECT json_agg(json_build_array(l.tenant_id, l.sku, l.location_id, l.on_hand, l.reserved))
       FROM unnest($1::text[], $2::text[]) k (tenant_id, sku)
       JOIN inventory.stock_levels l USING (tenant_id, sku)) AS levels,
      (SELECT json_agg(json_build_object(
         'tenant_id', r.tenant_id, 'reservation_id', r.reservation_id, 'channel_id', r.channel_id,
         'holder', r.holder, 'status', r.status, 'created_at_ms', r.created_at_ms,
         'expires_at_ms', r.expires_at_ms, 'lines', (
           SELECT json_agg(json_build_object('sku', l.sku, 'location_id', l.location_id, 'quantity', l.quantity)
                           ORDER BY l.sku, l.location_id)
           FROM inventory.reservation_lines l
           WHERE (l.tenant_id, l.reservation_id) = (r.tenant_id, r.reservation_id))))
       FROM unnest($3::text[], $4::text[]) k (tenant_id, reservation_id)
       JOIN inventory.reservations r USING (tenant_id, reservation_id)) AS reservations,
      (SELECT json_agg(json_build_object(
         'tenant_id', a.tenant_id, 'idempotency_key', a.idempotency_key, 'request_hash', a.request_hash,
         'outcome', a.outcome))
       FROM unnest($5::text[], $6::text[]) k (tenant_id, idempotency_key)
       JOIN inventory.idempotency_keys a USING (tenant_id, idempotency_key)) AS answers,
      (SELECT json_agg(json_build_array(c.tenant_id, c.channel_id))
       FROM unnest($7::text[], $8::text[]) k (tenant_id, channel_id)
       JOIN inventory.channels c USING (tenant_id, channel_id)) AS channels,
      (SELECT json_agg(json_build_array(l.tenant_id, l.location_id))
       FROM unnest($9::text[], $10::text[]) k (tenant_id, location_id)
       JOIN inventory.locations l USING (tenant_id, location_id)) AS locations`,
};

/**
 * Writes what a batch decided, all in one statement. Levels change by deltas under their CHECKs, and an entry that is
 * already in the ledger breaks its key: both hold even if the books that were decided on were stale.
 * $1: ledger entries; $2: reservations made; $3: reservations ended; $4: answers kept; $5: refusals; each a JSON array of
 * rows.
 */
export const WRITE = {
  name: 'inventory_write',
  text: `
    WITH entry AS (
      SELECT * FROM jsonb_to_recordset($1::jsonb) AS e (
        tenant_id text, sku text, entry integer, location_id text, kind text, on_hand_delta integer,
        reserved_delta integer, on_hand_after integer, reserved_after integer, reservation_id text, channel_id text,
        reason text, subject text, principal text, event_ms bigint)
    ), posted AS (
      INSERT INTO inventory.stock_ledger (tenant_id, sku, entry, location_id, kind, on_hand_delta, reserved_delta,
        on_hand_after, reserved_after, reservation_id, channel_id, reason, subject, principal, event_ms)
      SELECT * FROM entry ORDER BY tenant_id, sku, entry
    ), head AS (
      UPDATE inventory.ledger_heads h SET last_entry = n.last_entry
      FROM (SELECT tenant_id, sku, max(entry) AS last_entry FROM entry GROUP BY tenant_id, sku) n
      WHERE (h.tenant_id, h.sku) = (n.tenant_id, n.sku)
    ), delta AS (
      SELECT e.tenant_id, e.sku, e.location_id, sum(e.on_hand_delta)::integer AS on_hand,
             sum(e.reserved_delta)::integer AS reserved,
             EXISTS (SELECT FROM inventory.stock_levels l
                     WHERE (l.tenant_id, l.sku, l.location_id) = (e.tenant_id, e.sku, e.location_id)) AS is_known
      FROM entry e GROUP BY e.tenant_id, e.sku, e.location_id
    ), moved AS (
      UPDATE inventory.stock_levels l
      SET on_hand = l.on_hand + d.on_hand, reserved = l.reserved + d.reserved, version = l.version + 1
      FROM delta d
      WHERE d.is_known AND (l.tenant_id, l.sku, l.location_id) = (d.tenant_id, d.sku, d.location_id)
    ), opened AS (
      INSERT INTO inventory.stock_levels (tenant_id, sku, location_id, on_hand, reserved, version)
      SELECT tenant_id, sku, location_id, on_hand, reserved, 1 FROM delta WHERE NOT is_known
    ), made AS (
      INSERT INTO inventory.reservations (tenant_id, reservation_id, channel_id, holder, status, created_at_ms,
        expires_at_ms)
      SELECT * FROM jsonb_to_recordset($2::jsonb) AS r (
        tenant_id text, reservation_id text, channel_id text, holder text, status text, created_at_ms bigint,
        expires_at_ms bigint)
    ), held AS (
      INSERT INTO inventory.reservation_lines (tenant_id, reservation_id, sku, location_id, quantity)
      SELECT r.tenant_id, r.reservation_id, l.sku, l.location_id, l.quantity
      FROM jsonb_to_recordset($2::jsonb) AS r (tenant_id text, reservation_id text, lines jsonb),
           jsonb_to_recordset(r.lines) AS l (sku text, location_id text, quantity integer)
    ), ended AS (
      UPDATE inventory.reservations r SET status = n.status
      FROM jsonb_to_recordset($3::jsonb) AS n (tenant_id text, reservation_id text, status text)
      WHERE (r.tenant_id, r.reservation_id) = (n.tenant_id, n.reservation_id)
    ), refused AS (
      INSERT INTO inventory.reservation_refusals (tenant_id, idempotency_key, channel_id, holder, lines, refused, subject,
        event_ms)
      SELECT * FROM jsonb_to_recordset($5::jsonb) AS f (
        tenant_id text, idempotency_key text, channel_id text, holder text, lines text, refused text, subject text,
        event_ms bigint)
    )
    INSERT INTO inventory.idempotency_keys (tenant_id, idempotency_key, request_hash, outcome)
    SELECT * FROM jsonb_to_recordset($4::jsonb) AS a (
      tenant_id text, idempotency_key text, request_hash text, outcome jsonb)
    ORDER BY tenant_id, idempotency_key`,
};
