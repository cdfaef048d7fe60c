import { NervelineError } from '@nerveline/kernel';

const US_PER_SECOND = 1_000_000n;
const US_PER_DAY = 86_400n * US_PER_SECOND;
const US_PER_MS = 1_000n;

// What Debezium writes for PostgreSQL's infinite timestamps, in microseconds, and the ends of a 32-bit day count.
const INFINITE_US = { infinity: 9_223_372_036_825_200_000n, '-infinity': -9_223_372_036_832_400_000n } as const;
const INFINITE_DAY = { infinity: 2_147_483_647n, '-infinity': -2_147_483_648n } as const;

const DATE = /^(\d{4,7})-(\d\d)-(\d\d)( BC)?$/;
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/;
const TIMESTAMP = /^(\d{4,7}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,6})?)([+-]\d\d(?::\d\d){0,2})?( BC)?$/;

const isInfinite = (text: string): text is 'infinity' | '-infinity' => text === 'infinity' || text === '-infinity';

/** A `date` as days since 1970-01-01 (io.debezium.time.Date). */
export function dateToDays(text: string): string {
  return (isInfinite(text) ? INFINITE_DAY[text] : daysOf(text)).toString();
}

/**
 * A `timestamp` without time zone, as if it were UTC: milliseconds up to three digits of precision
 * (io.debezium.time.Timestamp), else microseconds (MicroTimestamp).
 */
export function timestampToNumber(text: string, type_modifier: number): string {
  const us = isInfinite(text) ? INFINITE_US[text] : timestampUs(text);
  return (isMillis(type_modifier) ? us / US_PER_MS : us).toString();
}

/** A `time` since midnight: milliseconds up to three digits of precision (Time), else microseconds (MicroTime). */
export function timeToNumber(text: string, type_modifier: number): string {
  const us = timeUs(text);
  return (isMillis(type_modifier) ? us / US_PER_MS : us).toString();
}

/** A `timestamptz` as ISO 8601 in UTC (ZonedTimestamp); the session's time zone is UTC, so only the form changes. */
export function timestamptzToIso(text: string): string {
  if (isInfinite(text)) return text;
  const match = TIMESTAMP.exec(text);
  if (match === null || match[3] !== '+00') throw unexpected('timestamptz', text);
  const [, date = '', time = '', , bc] = match;
  return `${isoDate(date, bc !== undefined)}T${time}Z`;
}

/** A `timetz` as ISO 8601 in UTC (ZonedTime): the offset is taken off, which may pass midnight. */
export function timetzToIso(text: string): string {
  const match = /^(\d\d:\d\d:\d\d(?:\.\d{1,6})?)([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/.exec(text);
  if (match === null) throw unexpected('timetz', text);
  const [, time = '', sign, hours = '0', minutes = '0', seconds = '0'] = match;
  const offset_us = (BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(seconds)) * US_PER_SECOND;
  const us = (timeUs(time) - (sign === '-' ? -offset_us : offset_us) + US_PER_DAY * 2n) % US_PER_DAY;
  return `${formatTime(us)}Z`;
}

const isMillis = (type_modifier: number): boolean => type_modifier >= 0 && type_modifier <= 3;

function timestampUs(text: string): bigint {
  const match = TIMESTAMP.exec(text);
  if (match === null || match[3] !== undefined) throw unexpected('timestamp', text);
  const [, date = '', time = '', , bc = ''] = match;
  return daysOf(date + bc) * US_PER_DAY + timeUs(time);
}

function timeUs(text: string): bigint {
  const match = TIME.exec(text);
  if (match === null) throw unexpected('time', text);
  const [, hours = '0', minutes = '0', seconds = '0', fraction = ''] = match;
  const whole_s = BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(seconds);
  return whole_s * US_PER_SECOND + BigInt(fraction.padEnd(6, '0'));
}

function daysOf(text: string): bigint {
  const match = DATE.exec(text);
  if (match === null) throw unexpected('date', text);
  const [, year = '0', month = '0', day = '0', bc] = match;
  return BigInt(daysFromCivil(bc === undefined ? Number(year) : 1 - Number(year), Number(month), Number(day)));
}

/**
 * Days since 1970-01-01 in the proleptic Gregorian calendar; year 0 is 1 BC. `Date` ends in the year 275760, PostgreSQL
 * in 294276.
 *
 * @see https://howardhinnant.github.io/date_algorithms.html#days_from_civil
 */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const year_of_era = y - era * 400;
  const day_of_year = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const day_of_era = year_of_era * 365 + Math.floor(year_of_era / 4) - Math.floor(year_of_era / 100) + day_of_year;
  return era * 146_097 + day_of_era - 719_468;
}

/** ISO 8601 counts years around 0 and marks those outside 0 to 9999 with a sign. */
function isoDate(date: string, bc: boolean): string {
  const dash = date.indexOf('-');
  const year = bc ? 1 - Number(date.slice(0, dash)) : Number(date.slice(0, dash));
  const digits = String(Math.abs(year)).padStart(4, '0');
  const sign = year < 0 ? '-' : year > 9999 ? '+' : '';
  return `${sign}${digits}${date.slice(dash)}`;
}

function formatTime(us: bigint): string {
  const two = (value: bigint) => value.toString().padStart(2, '0');
  const seconds = us / US_PER_SECOND;
  const fraction = (us % US_PER_SECOND).toString().padStart(6, '0').replace(/0+$/, '');
  const clock = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`;
  return fraction === '' ? clock : `${clock}.${fraction}`;
}

const unexpected = (type: string, text: string) =>
  new NervelineError('NL-CDC-014', { detail: `a ${type} of ${text.length} characters has an unknown form` });
