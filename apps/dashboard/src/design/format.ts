/** The pages speak English; numbers and times follow it, in the viewer's zone. */
const LOCALE = 'en-GB';

const integers = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
const clockTime = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const shortTime = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' });
const zoneName = new Intl.DateTimeFormat(LOCALE, { timeZoneName: 'short', hour: '2-digit' });

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const formatInteger = (value: number): string => integers.format(value);

/** "1 vehicle", "3 vehicles". */
export const formatCount = (count: number, one: string, many = `${one}s`): string =>
  `${formatInteger(count)} ${count === 1 ? one : many}`;

/** A rate or a small quantity: one digit below 10, none above. */
export const formatRate = (value: number): string => (Math.abs(value) < 10 ? oneDigit : integers).format(value);

export const formatShare = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${oneDigit.format((100 * part) / whole)} %`;

/** "14:02:31". */
export const formatTime = (at_ms: number): string => clockTime.format(at_ms);
/** "14:02". */
export const formatShortTime = (at_ms: number): string => shortTime.format(at_ms);
/** "14:02:31.204". */
export const formatExactTime = (at_ms: number): string =>
  `${clockTime.format(at_ms)}.${String(Math.floor(at_ms) % SECOND_MS).padStart(3, '0')}`;

/** The full instant with its zone, for a hover: "2026-11-22 14:02:31.204 CET". */
export function formatInstant(at_ms: number): string {
  const date = new Date(at_ms);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0'));
  const zone = zoneName.formatToParts(at_ms).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  return `${day.join('-')} ${formatExactTime(at_ms)} ${zone}`;
}

/** How long, in its largest unit: "840 ms", "3 s", "4 min", "2 h", "3 d". */
export function formatDuration(duration_ms: number): string {
  const length_ms = Math.abs(duration_ms);
  if (length_ms < 10) return `${oneDigit.format(duration_ms)} ms`;
  if (length_ms < SECOND_MS) return `${Math.round(duration_ms)} ms`;
  if (length_ms < MINUTE_MS) return `${Math.round(duration_ms / SECOND_MS)} s`;
  if (length_ms < HOUR_MS) return `${Math.round(duration_ms / MINUTE_MS)} min`;
  if (length_ms < 2 * DAY_MS) return `${formatRate(duration_ms / HOUR_MS)} h`;
  return `${Math.round(duration_ms / DAY_MS)} d`;
}

/** How old something is, which nobody reads in milliseconds: "3 s". */
export const formatAge = (age_ms: number): string => (age_ms < SECOND_MS ? 'under 1 s' : formatDuration(age_ms));

/** With its sign, for gains and delays: "−9 min", "+4 min"; below a second there is none. */
export function formatSigned(duration_ms: number): string {
  const text = formatDuration(Math.abs(duration_ms));
  if (Math.abs(duration_ms) < SECOND_MS) return '0 s';
  return `${duration_ms < 0 ? '−' : '+'}${text}`;
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${formatRate(value)} ${units[unit] ?? ''}`;
}

export function formatDistance(distance_m: number): string {
  return distance_m < 1_000 ? `${Math.round(distance_m)} m` : `${formatRate(distance_m / 1_000)} km`;
}

interface CurrencyFormat {
  readonly digits: number;
  readonly symbol: string;
  readonly exact: Intl.NumberFormat;
}

const currencies = new Map<string, CurrencyFormat>();

function currencyFormat(currency: string): CurrencyFormat {
  const known = currencies.get(currency);
  if (known !== undefined) return known;
  const base = new Intl.NumberFormat(LOCALE, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' });
  const digits = base.resolvedOptions().maximumFractionDigits ?? 2;
  const format = {
    digits,
    symbol: base.formatToParts(0).find(({ type }) => type === 'currency')?.value ?? currency,
    exact: new Intl.NumberFormat(LOCALE, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  };
  currencies.set(currency, format);
  return format;
}

/** From minor units: "219.00 €". */
export function formatMoney(amount_minor: number, currency: string): string {
  const { digits, symbol, exact } = currencyFormat(currency);
  return `${exact.format(amount_minor / 10 ** digits)} ${symbol}`;
}

/** Without the minor units, for sums: "18,240 €". */
export function formatWholeMoney(amount_minor: number, currency: string): string {
  const { digits, symbol } = currencyFormat(currency);
  return `${integers.format(amount_minor / 10 ** digits)} ${symbol}`;
}

/** In the currency's major unit, for an axis. */
export const majorUnits = (amount_minor: number, currency: string): number =>
  amount_minor / 10 ** currencyFormat(currency).digits;
