import { z } from 'zod';
import { channelId, idempotencyKey, locationId, reservationId, sku } from '../ids';
import { epoch_ms, quantity, text } from '../units';

export const reservationLine = z.strictObject({ sku, location_id: locationId, quantity });
export type ReservationLine = z.infer<typeof reservationLine>;

/** `POST /v1/reservations`, scope `stock:reserve`: every line or none. */
export const reservationRequest = z.strictObject({
  idempotency_key: idempotencyKey,
  channel_id: channelId,
  /** Who holds: a cart, an order. */
  holder: text(256).min(1),
  lines: z.array(reservationLine).min(1).max(100),
  ttl_ms: z.int().min(1_000).max(86_400_000),
  /** By the source's clock; the service's event clock when absent. */
  event_ms: epoch_ms.optional(),
});
export type ReservationRequest = z.infer<typeof reservationRequest>;

export const refusedLine = z.strictObject({
  sku,
  location_id: locationId,
  reason: z.enum(['insufficient_stock', 'unknown_sku', 'unknown_location']),
  available: z.int().min(0),
});

export const reservationAnswer = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('granted'), reservation_id: reservationId, expires_at_ms: epoch_ms }),
  z.strictObject({ kind: z.literal('refused'), lines: z.array(refusedLine).min(1) }),
]);
export type ReservationAnswer = z.infer<typeof reservationAnswer>;

/** `POST /v1/reservations/{reservation_id}/commit` and `/release`, scope `stock:reserve`. */
export const reservationTransitionRequest = z.strictObject({ event_ms: epoch_ms.optional() });
export const reservationStatus = z.strictObject({
  reservation_id: reservationId,
  status: z.enum(['held', 'committed', 'released', 'expired']),
});
export type ReservationStatus = z.infer<typeof reservationStatus>;

/** `POST /v1/stock/movements`, scope `stock:write`: what comes in, comes back or is corrected. */
export const stockMovementRequest = z.strictObject({
  idempotency_key: idempotencyKey,
  kind: z.enum(['receipt', 'return', 'adjustment']),
  sku,
  location_id: locationId,
  /** Negative only for an adjustment, never below what is reserved. */
  quantity: z
    .int()
    .min(-1_000_000)
    .max(1_000_000)
    .refine((units) => units !== 0, 'must not be 0'),
  reason: text(256).min(1),
  channel_id: channelId.optional(),
  event_ms: epoch_ms.optional(),
});
export type StockMovementRequest = z.infer<typeof stockMovementRequest>;

export const stockMovementAnswer = z.strictObject({
  sku,
  location_id: locationId,
  on_hand: z.int().min(0),
  reserved: z.int().min(0),
  entry: z.int().min(1),
});
export type StockMovementAnswer = z.infer<typeof stockMovementAnswer>;

/** `POST /v1/stock/movements/batch`, scope `stock:write`: many movements, each one done or refused for itself. */
export const stockMovementBatchRequest = z.strictObject({ movements: z.array(stockMovementRequest).min(1).max(1_000) });
export type StockMovementBatchRequest = z.infer<typeof stockMovementBatchRequest>;

/** One answer for each movement, in their order; a refusal carries a code of the catalogue. */
export const stockMovementBatchAnswer = z.strictObject({
  answers: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('moved'), answer: stockMovementAnswer }),
      z.strictObject({
        kind: z.literal('refused'),
        code: z.string(),
        detail: z.string(),
        field: z.string().optional(),
      }),
    ]),
  ),
});
export type StockMovementBatchAnswer = z.infer<typeof stockMovementBatchAnswer>;

/** `POST /v1/carts/events`, scope `stock:reserve`: a cart add is an event, it holds nothing. */
export const cartEventRequest = z.strictObject({
  idempotency_key: idempotencyKey,
  kind: z.enum(['added', 'removed', 'abandoned']),
  cart_id: text(128).min(1),
  channel_id: channelId,
  sku,
  quantity,
  event_ms: epoch_ms.optional(),
});
export type CartEventRequest = z.infer<typeof cartEventRequest>;

export const cartEventAnswer = z.strictObject({ cart_id: z.string(), kind: z.enum(['added', 'removed', 'abandoned']) });
export type CartEventAnswer = z.infer<typeof cartEventAnswer>;

/** What the ledger's column holds. */
const MAX_ENTRY = 2_147_483_647;

/** Query of `GET /v1/stock/{sku}`: the newest `limit` ledger rows, or those before an entry. */
export const stockExplanationQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  before_entry: z.coerce.number().int().min(1).max(MAX_ENTRY).optional(),
});

/** `GET /v1/stock/{sku}`, scope `stock:read`: the levels, and the ledger rows that say why they are so. */
export const stockExplanation = z.strictObject({
  sku,
  name: z.string(),
  /** Over all locations. */
  available: z.int().min(0),
  /** The SKU's last ledger entry; 0 when nothing has happened to it. */
  entry: z.int().min(0),
  levels: z.array(
    z.strictObject({
      location_id: locationId,
      on_hand: z.int().min(0),
      reserved: z.int().min(0),
      available: z.int().min(0),
      version: z.int().min(0),
    }),
  ),
  /** Newest first. */
  ledger: z.array(
    z.strictObject({
      entry: z.int().min(1),
      location_id: locationId,
      kind: z.enum(['receipt', 'reserve', 'commit', 'release', 'expire', 'return', 'adjustment']),
      on_hand_delta: z.int(),
      reserved_delta: z.int(),
      on_hand_after: z.int().min(0),
      reserved_after: z.int().min(0),
      reservation_id: reservationId.nullable(),
      channel_id: channelId.nullable(),
      reason: z.string().nullable(),
      subject: z.string(),
      event_ms: epoch_ms,
    }),
  ),
});
export type StockExplanation = z.infer<typeof stockExplanation>;

/** What a channel gets by HTTP POST at its `endpoint_url`; it keeps the highest version it has seen of a SKU. */
export const channelStockUpdate = z.strictObject({
  channel_id: channelId,
  items: z.array(z.strictObject({ sku, available: z.int().min(0), version: z.int().min(0), sold_out: z.boolean() })),
});
export type ChannelStockUpdate = z.infer<typeof channelStockUpdate>;
