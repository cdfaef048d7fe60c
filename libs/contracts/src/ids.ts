import { z } from 'zod';

/** An id from outside: printable, no spaces at the ends, bounded, and NFC so that look-alikes by encoding are one id. */
const id = <Name extends string>(max_chars = 128) =>
  z
    .string()
    .min(1)
    .max(max_chars)
    .regex(/^[^\s\p{C}](?:[^\p{C}]*[^\s\p{C}])?$/u, 'must be printable, without spaces at its ends')
    .normalize('NFC')
    .brand<Name>();

export const tenantId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower case letters, digits and hyphens')
  .brand<'TenantId'>();
export const paymentId = id<'PaymentId'>();
export const cardToken = id<'CardToken'>();
export const merchantId = id<'MerchantId'>();
export const sku = id<'Sku'>(64);
export const locationId = id<'LocationId'>(64);
export const channelId = id<'ChannelId'>(64);
export const reservationId = id<'ReservationId'>();
export const vehicleId = id<'VehicleId'>(64);
export const depotId = id<'DepotId'>(64);
export const driverId = id<'DriverId'>(64);
export const orderId = id<'OrderId'>(64);
export const proposalId = id<'ProposalId'>();
export const idempotencyKey = id<'IdempotencyKey'>();

export type TenantId = z.infer<typeof tenantId>;
export type PaymentId = z.infer<typeof paymentId>;
export type CardToken = z.infer<typeof cardToken>;
export type MerchantId = z.infer<typeof merchantId>;
export type Sku = z.infer<typeof sku>;
export type LocationId = z.infer<typeof locationId>;
export type ChannelId = z.infer<typeof channelId>;
export type ReservationId = z.infer<typeof reservationId>;
export type VehicleId = z.infer<typeof vehicleId>;
export type DepotId = z.infer<typeof depotId>;
export type DriverId = z.infer<typeof driverId>;
export type OrderId = z.infer<typeof orderId>;
export type ProposalId = z.infer<typeof proposalId>;
export type IdempotencyKey = z.infer<typeof idempotencyKey>;
