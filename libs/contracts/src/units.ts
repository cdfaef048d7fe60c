import { z } from 'zod';

/** Milliseconds since the Unix epoch; from 1970 to the year 9999. */
export const epoch_ms = z.int().min(0).max(253_402_300_799_999);

/** Money in the currency's minor unit. Exact up to 90 billion in a currency with two decimals. */
export const amount_minor = z.int().min(0).max(9_000_000_000_000);

/** ISO 4217, upper case. */
export const currency = z.string().regex(/^[A-Z]{3}$/, 'must be three upper case letters (ISO 4217)');

/** Degrees, WGS 84. */
export const latitude = z.number().min(-90).max(90);
export const longitude = z.number().min(-180).max(180);

export const coordinates = z.strictObject({ lat: latitude, lon: longitude });
export type Coordinates = z.infer<typeof coordinates>;

/** Words of a person or program from outside: bounded, and such that a text column and a topic both can hold them. */
export const text = (max_chars: number) =>
  z
    .string()
    .max(max_chars)
    .regex(/^[^\0\p{Cs}]*$/u, 'must be whole characters, none of them NUL');

/** Whole units of stock in one request. */
export const quantity = z.int().min(1).max(1_000_000);
