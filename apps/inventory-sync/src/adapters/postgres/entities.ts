import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ChannelId, LocationId, ReservationId, Sku } from '@nerveline/contracts';
import type { Status } from '../../domain/reservation';
import type { EntryKind } from '../../domain/stock';
import { exactInteger } from './exact-integer';

@Entity('products')
export class Product {
  @PrimaryColumn('text') tenant_id!: string;
  @PrimaryColumn('text') sku!: Sku;
  @Column('text') name!: string;
  @Column('bigint', { transformer: exactInteger }) price_minor!: number;
  @Column('text') currency!: string;
}

@Entity('locations')
export class Location {
  @PrimaryColumn('text') tenant_id!: string;
  @PrimaryColumn('text') location_id!: LocationId;
  @Column('text') name!: string;
}

@Entity('channels')
export class Channel {
  @PrimaryColumn('text') tenant_id!: string;
  @PrimaryColumn('text') channel_id!: ChannelId;
  @Column('text') name!: string;
  @Column('text', { nullable: true }) endpoint_url!: string | null;
}

@Entity('stock_levels')
export class StockLevel {
  @PrimaryColumn('text') tenant_id!: string;
  @PrimaryColumn('text') sku!: Sku;
  @PrimaryColumn('text') location_id!: LocationId;
  @Column('integer') on_hand!: number;
  @Column('integer') reserved!: number;
  @Column('integer') version!: number;
}

@Entity('ledger_heads')
export class LedgerHead {
  @PrimaryColumn('text') tenant_id!: string;
  @PrimaryColumn('text') sku!: Sku;
  @Column('integer') last_entry!: number;
}

@Entity('stock_ledger')
export class StockLedgerEntry {
  @PrimaryColumn('text') tenant_id!: string;
  @PrimaryColumn('text') sku!: Sku;
  @PrimaryColumn('integer') entry!: number;
  @Column('text') location_id!: LocationId;
  @Column('text') kind!: EntryKind;
  @Column('integer') on_hand_delta!: number;
  @Column('integer') reserved_delta!: number;
  @Column('integer') on_hand_after!: number;
  @Column('integer') reserved_after!: number;
  @Column('text', { nullable: true }) reservation_id!: ReservationId | null;
  @Column('text', { nullable: true }) channel_id!: ChannelId | null;
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('text') subject!: string;
  @Column('text', { nullable: true }) principal!: string | null;
  @Column('bigint', { transformer: exactInteger }) event_ms!: number;
}

@Entity('reservations')
export class ReservationRecord {
  @PrimaryColumn('text') tenant_id!: string;
  @PrimaryColumn('text') reservation_id!: ReservationId;
  @Column('text') channel_id!: ChannelId;
  @Column('text') holder!: string;
  @Column('text') status!: Status;
  @Column('bigint', { transformer: exactInteger }) created_at_ms!: number;
  @Column('bigint', { transformer: exactInteger }) expires_at_ms!: number;
}

@Entity('reservation_lines')
export class ReservationLineRecord {
  @PrimaryColumn('text') tenant_id!: string;
  @PrimaryColumn('text') reservation_id!: ReservationId;
  @PrimaryColumn('text') sku!: Sku;
  @PrimaryColumn('text') location_id!: LocationId;
  @Column('integer') quantity!: number;
}

@Entity('idempotency_keys')
export class IdempotencyRecord {
  @PrimaryColumn('text') tenant_id!: string;
  @PrimaryColumn('text') idempotency_key!: string;
  @Column('text') request_hash!: string;
  @Column('jsonb') outcome!: object;
  @Column('timestamptz') kept_since!: Date;
}

/** The tables of the service as TypeORM knows them. */
export const entities = [
  Product,
  Location,
  Channel,
  StockLevel,
  LedgerHead,
  StockLedgerEntry,
  ReservationRecord,
  ReservationLineRecord,
  IdempotencyRecord,
];
