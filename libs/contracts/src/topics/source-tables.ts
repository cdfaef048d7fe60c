import { z } from 'zod';
import { changeSchema } from '../envelope';
import {
  cardToken,
  channelId,
  depotId,
  driverId,
  idempotencyKey,
  locationId,
  orderId,
  reservationId,
  sku,
  tenantId,
  vehicleId,
} from '../ids';
import { amount_minor, currency, epoch_ms } from '../units';
import { COMPACTED, DAYS_30, DAYS_7, DEFAULT_PARTITIONS, defineTopic, type Retention, type Topic } from './topic';

/**
 * The source tables whose changes the relay carries, and a change topic for each: `cdc.SCHEMA.TABLE`, keyed by tenant
 * and the rest of the primary key. Rows hold what the column holds; times are `bigint` epoch milliseconds in `_ms`
 * columns, money is `bigint` minor units.
 */
export interface SourceTable {
  readonly schema: string;
  readonly table: string;
  /** The primary key's columns in their order; the first is always `tenant_id`. */
  readonly key: readonly string[];
  /** The leading key columns that choose the partition: rows that agree in them keep their order among each other. */
  readonly order_by: readonly string[];
  readonly topic: Topic;
}

export const sourceTables: SourceTable[] = [];

function changeTopic<Row extends z.ZodObject>(options: {
  schema: string;
  table: string;
  key: readonly string[];
  order_by?: readonly string[];
  row: Row;
  description: string;
  partitions?: number;
  retention?: Retention;
}) {
  const { schema, table, key, row, description } = options;
  const topic = defineTopic({
    name: `cdc.${schema}.${table}`,
    key: key.join('/'),
    schema: changeSchema(row),
    encoding: 'json',
    partitions: options.partitions ?? DEFAULT_PARTITIONS,
    retention: options.retention ?? COMPACTED,
    owner: 'cdc-relay',
    description,
  });
  sourceTables.push({ schema, table, key, order_by: options.order_by ?? key, topic });
  return topic;
}

/** The kinds of sources that have a time of their own: payments of 2018 may be played beside orders of 2010. */
export const eventSource = z.enum(['payments', 'stock', 'fleet']);
export type EventSource = z.infer<typeof eventSource>;

export const eventClockRow = z.object({
  tenant_id: tenantId,
  source: eventSource,
  event_ms: epoch_ms,
  wall_ms: epoch_ms,
  speed: z.coerce.number().positive().max(1_000_000),
});

export const blockListRow = z.object({
  tenant_id: tenantId,
  /** What kind of thing is blocked. */
  kind: z.enum(['card', 'merchant']),
  /** An id, as payments name it: with a blank or an invisible character in it, it would block nothing, and nobody would know. */
  value: cardToken,
  reason: z.string().max(256),
  /** Who put it there. */
  added_by: z.string().max(256),
});

export const cardProfileRow = z.object({
  tenant_id: tenantId,
  card: cardToken,
  home_country: z.string().length(2).nullable(),
  /** The most that one payment may come to; null for the policy's default. */
  payment_limit_minor: amount_minor.nullable(),
  currency: currency.nullable(),
});

export const productRow = z.object({
  tenant_id: tenantId,
  sku,
  name: z.string().max(256),
  price_minor: amount_minor,
  currency,
});

export const locationRow = z.object({ tenant_id: tenantId, location_id: locationId, name: z.string().max(256) });

export const channelRow = z.object({
  tenant_id: tenantId,
  channel_id: channelId,
  name: z.string().max(256),
  /** Where the channel takes stock levels, as HTTP POST; null while it has no endpoint. */
  endpoint_url: z.string().max(2048).nullable(),
});

export const stockLevelRow = z.object({
  tenant_id: tenantId,
  sku,
  location_id: locationId,
  on_hand: z.int().min(0),
  reserved: z.int().min(0),
  /** Counts the row's changes; a projection never goes back behind one that it has shown. */
  version: z.int().min(0),
});

export const reservationRow = z.object({
  tenant_id: tenantId,
  reservation_id: reservationId,
  channel_id: channelId,
  holder: z.string().max(256),
  status: z.enum(['held', 'committed', 'released', 'expired']),
  created_at_ms: epoch_ms,
  expires_at_ms: epoch_ms,
});

export const stockLedgerRow = z.object({
  tenant_id: tenantId,
  sku,
  /** Gapless for each SKU, from 1. */
  entry: z.int().min(1),
  location_id: locationId,
  kind: z.enum(['receipt', 'reserve', 'commit', 'release', 'expire', 'return', 'adjustment']),
  on_hand_delta: z.int(),
  reserved_delta: z.int(),
  /** Levels of this SKU at this location after the entry. */
  on_hand_after: z.int().min(0),
  reserved_after: z.int().min(0),
  reservation_id: reservationId.nullable(),
  channel_id: channelId.nullable(),
  reason: z.string().max(256).nullable(),
  /** Who did it. */
  subject: z.string().max(256).optional(),
  /** The whole principal as JSON; rows about reservations of before 2026-11-22 have none. */
  principal: z.string().nullable().optional(),
  event_ms: epoch_ms,
});
export type StockLedgerRow = z.infer<typeof stockLedgerRow>;

/** A reservation that was refused, as it was asked for and answered; kept as long as its idempotency key. */
export const reservationRefusalRow = z.object({
  tenant_id: tenantId,
  idempotency_key: idempotencyKey,
  channel_id: channelId,
  holder: z.string().max(256),
  /** What was asked for, and the lines that failed: JSON, as in the request and its answer. */
  lines: z.string(),
  refused: z.string(),
  /** Who asked. */
  subject: z.string().max(256),
  event_ms: epoch_ms,
});

export const vehicleRow = z.object({
  tenant_id: tenantId,
  vehicle_id: vehicleId,
  depot_id: depotId,
  driver_id: driverId.nullable(),
  name: z.string().max(256),
});

export const driverRow = z.object({ tenant_id: tenantId, driver_id: driverId, name: z.string().max(256) });

export const orderRow = z.object({
  tenant_id: tenantId,
  order_id: orderId,
  vehicle_id: vehicleId.nullable(),
  /** Place of the stop in the vehicle's tour, from 1. */
  stop: z.int().min(1),
  lat: z.number().min(-90).max(90),
  lon: z.number().min(-180).max(180),
  due_from_ms: epoch_ms.nullable(),
  due_until_ms: epoch_ms.nullable(),
  status: z.enum(['planned', 'under_way', 'delivered', 'cancelled']),
});

export const changeTopics = {
  eventClock: changeTopic({
    schema: 'platform',
    table: 'event_clock',
    key: ['tenant_id', 'source'],
    row: eventClockRow,
    partitions: 1,
    description: 'What each source says about its time: see EventClock.',
  }),
  blockList: changeTopic({
    schema: 'fraud',
    table: 'block_list',
    key: ['tenant_id', 'kind', 'value'],
    row: blockListRow,
    description: 'Cards and merchants that no payment may use.',
  }),
  cardProfiles: changeTopic({
    schema: 'fraud',
    table: 'card_profiles',
    key: ['tenant_id', 'card'],
    row: cardProfileRow,
    description: 'What is known of a card before its first payment.',
  }),
  products: changeTopic({
    schema: 'inventory',
    table: 'products',
    key: ['tenant_id', 'sku'],
    row: productRow,
    description: 'What is sold.',
  }),
  locations: changeTopic({
    schema: 'inventory',
    table: 'locations',
    key: ['tenant_id', 'location_id'],
    row: locationRow,
    partitions: 1,
    description: 'Where stock lies.',
  }),
  channels: changeTopic({
    schema: 'inventory',
    table: 'channels',
    key: ['tenant_id', 'channel_id'],
    row: channelRow,
    partitions: 1,
    description: 'Where stock is sold.',
  }),
  stockLevels: changeTopic({
    schema: 'inventory',
    table: 'stock_levels',
    key: ['tenant_id', 'sku', 'location_id'],
    order_by: ['tenant_id', 'sku'],
    row: stockLevelRow,
    description: 'Units on hand and reserved, by SKU and location.',
  }),
  reservations: changeTopic({
    schema: 'inventory',
    table: 'reservations',
    key: ['tenant_id', 'reservation_id'],
    row: reservationRow,
    retention: DAYS_30,
    description: 'Holds and what became of them.',
  }),
  stockLedger: changeTopic({
    schema: 'inventory',
    table: 'stock_ledger',
    key: ['tenant_id', 'sku', 'entry'],
    order_by: ['tenant_id', 'sku'],
    row: stockLedgerRow,
    retention: DAYS_30,
    description: 'Every movement of stock; append-only.',
  }),
  reservationRefusals: changeTopic({
    schema: 'inventory',
    table: 'reservation_refusals',
    key: ['tenant_id', 'idempotency_key'],
    row: reservationRefusalRow,
    partitions: 1,
    retention: DAYS_7,
    description: 'Reservations that were refused, as they were asked for and answered.',
  }),
  vehicles: changeTopic({
    schema: 'fleet',
    table: 'vehicles',
    key: ['tenant_id', 'vehicle_id'],
    row: vehicleRow,
    description: 'The fleet.',
  }),
  drivers: changeTopic({
    schema: 'fleet',
    table: 'drivers',
    key: ['tenant_id', 'driver_id'],
    row: driverRow,
    description: 'Who drives.',
  }),
  orders: changeTopic({
    schema: 'fleet',
    table: 'orders',
    key: ['tenant_id', 'order_id'],
    row: orderRow,
    description: 'Stops to serve, in the order of the tour.',
  }),
} as const;
