import { z } from 'zod';
import { auditEntry } from '../audit';
import { cartEventRequest, refusedLine, reservationLine } from '../http/inventory-api';
import { channelId, locationId, sku, tenantId } from '../ids';
import { epoch_ms } from '../units';
import { COMPACTED, DAYS_30, DAYS_7, DEFAULT_PARTITIONS, defineTopic } from './topic';

/** What one channel may sell of one SKU, over all locations. Made from the ledger, never from a guess. */
export const channelStock = z.strictObject({
  tenant_id: tenantId,
  sku,
  channel_id: channelId,
  available: z.int().min(0),
  sold_out: z.boolean(),
  /** Entry of the SKU's ledger that it comes from: an older one never replaces a newer one. */
  version: z.int().min(0),
  by_location: z.array(z.strictObject({ location_id: locationId, on_hand: z.int(), reserved: z.int() })),
  event_ms: epoch_ms,
});
export type ChannelStock = z.infer<typeof channelStock>;

/** A channel took over a version. */
export const channelAck = z.strictObject({
  tenant_id: tenantId,
  sku,
  channel_id: channelId,
  version: z.int().min(0),
  sold_out: z.boolean(),
  /** Commit in Postgres to the channel's answer. */
  delay_ms: z.number(),
  event_ms: epoch_ms,
});
export type ChannelAck = z.infer<typeof channelAck>;

/** A channel took over that a SKU which it had on offer is gone. */
export const soldOutAck = channelAck.omit({ sold_out: true });
export type SoldOutAck = z.infer<typeof soldOutAck>;

export const reservationRefusal = z.strictObject({
  tenant_id: tenantId,
  channel_id: channelId,
  holder: z.string(),
  lines: z.array(reservationLine),
  refused: z.array(refusedLine),
  event_ms: epoch_ms,
});
export type ReservationRefusal = z.infer<typeof reservationRefusal>;

export const inventoryTopics = {
  channelStock: defineTopic({
    name: 'inventory.channel_stock',
    key: 'tenant/sku/channel',
    schema: channelStock,
    encoding: 'json',
    partitions: DEFAULT_PARTITIONS,
    retention: COMPACTED,
    owner: 'inventory-sync',
    description: 'What each channel may sell, by SKU.',
  }),
  channelAcks: defineTopic({
    name: 'inventory.channel_acks',
    key: 'tenant/sku/channel',
    schema: channelAck,
    encoding: 'json',
    partitions: 1,
    retention: DAYS_7,
    owner: 'inventory-sync',
    description: 'What each channel has taken over, and how long that took.',
  }),
  soldOut: defineTopic({
    name: 'inventory.sold_out',
    key: 'tenant/sku/channel',
    schema: soldOutAck,
    encoding: 'json',
    partitions: 1,
    retention: DAYS_30,
    owner: 'inventory-sync',
    description: 'Moments in which the last unit was gone, and how long each channel took to know.',
  }),
  refusals: defineTopic({
    name: 'inventory.refusals',
    key: 'tenant/channel',
    schema: reservationRefusal,
    encoding: 'json',
    partitions: 1,
    retention: DAYS_7,
    owner: 'inventory-sync',
    description: 'Reservations that were refused, and why.',
  }),
  carts: defineTopic({
    name: 'inventory.carts',
    key: 'tenant/cart',
    schema: cartEventRequest.extend({ tenant_id: tenantId, event_ms: epoch_ms }),
    encoding: 'json',
    partitions: DEFAULT_PARTITIONS,
    retention: DAYS_30,
    owner: 'inventory-sync',
    description: 'Carts as they fill, change and are left.',
  }),
  audit: defineTopic({
    name: 'audit.inventory-sync',
    key: 'tenant/object',
    schema: auditEntry,
    encoding: 'json',
    partitions: 1,
    retention: DAYS_30,
    owner: 'inventory-sync',
    description: 'Who changed what in inventory.',
  }),
} as const;
