import { z } from 'zod';

/** Milliseconds since the Unix epoch; from 1970 to the year 9999. */
export const epoch_ms = z.int().min(0).max(253_402_300_799_999);

/** Money in the currency's minor unit. Exact up to 90 billion in a currency with two decimals. */
export const amount_minor = z.int().min(0).max(9_000_000_000_000);

/** ISO 4217, upper case. */
export const currency = z.string().regex(/^[A-Z]{3}$/, 'must be three upper case letters (ISO 4217)');

/** WGS 84. */
export const coordinates = z.strictObject({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) });
export type Coordinates = z.infer<typeof coordinates>;

/** Whole units of stock in one request. */
export const quantity = z.int().min(1).max(1_000_000);
