import { columnToJson, type ColumnToJson } from './column-json';
import type { JsonWriter } from './json-writer';
import { daysFromCivil } from './temporal';
import { typeOids } from './type-oids';

/** Writes the JSON of one column, whose text stands in `bytes` from `start` to `end`. */
export type WriteColumn = (out: JsonWriter, bytes: Buffer, start: number, end: number) => void;

const code = (letter: string): number => letter.charCodeAt(0);
const ZERO = code('0');
const NINE = code('9');
const MINUS = code('-');
const PLUS = code('+');
const DOT = code('.');
const E = code('e');
const QUOTE = code('"');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

/**
 * The same as {@link columnToJson}, from bytes to bytes: what is common goes over without becoming a string, everything
 * else takes the way of the reference, which this is checked against.
 */
export function columnWriter(type_oid: number, type_modifier: number): WriteColumn {
  const toJson = columnToJson(type_oid, type_modifier);
  const slow = throughText(toJson);
  // Text, numeric, uuid, json, enums and what is not known: the text is the value.
  if (toJson === JSON.stringify) return (out, bytes, start, end) => out.quoted(bytes, start, end);
  switch (type_oid) {
    case typeOids.bool:
      return (out, bytes, start, end) => writeBoolean(out, bytes, start, end) || slow(out, bytes, start, end);
    case typeOids.int2:
    case typeOids.int4:
    case typeOids.int8:
    case typeOids.oid:
      return (out, bytes, start, end) =>
        isInteger(bytes, start, end) ? out.copy(bytes, start, end) : slow(out, bytes, start, end);
    case typeOids.float4:
    case typeOids.float8:
      return (out, bytes, start, end) =>
        isFloat(bytes, start, end) ? out.copy(bytes, start, end) : slow(out, bytes, start, end);
    case typeOids.date:
      return (out, bytes, start, end) => writeDate(out, bytes, start, end) || slow(out, bytes, start, end);
    case typeOids.timestamp:
      return timestampWriter(type_modifier, slow);
    case typeOids.timestamptz:
      return (out, bytes, start, end) => writeInstant(out, bytes, start, end) || slow(out, bytes, start, end);
    default:
      return slow;
  }
}

function throughText(toJson: ColumnToJson): (...column: Parameters<WriteColumn>) => true {
  return (out, bytes, start, end) => {
    out.text(toJson(bytes.toString('utf8', start, end)));
    return true;
  };
}

function writeBoolean(out: JsonWriter, bytes: Buffer, start: number, end: number): boolean {
  if (end - start !== 1) return false;
  if (bytes[start] === code('t')) out.raw(TRUE);
  else if (bytes[start] === code('f')) out.raw(FALSE);
  else return false;
  return true;
}

/** Where the digits that begin at `at` end; `at` itself when there are none. */
function skipDigits(bytes: Buffer, at: number, end: number): number {
  let next = at;
  for (; next < end; next++) {
    const byte = bytes[next] ?? 0;
    if (byte < ZERO || byte > NINE) break;
  }
  return next;
}

function isInteger(bytes: Buffer, start: number, end: number): boolean {
  const first = bytes[start] === MINUS ? start + 1 : start;
  return first < end && skipDigits(bytes, first, end) === end;
}

/** What JSON and PostgreSQL write alike; not the words for what is no number. */
function isFloat(bytes: Buffer, start: number, end: number): boolean {
  const first = bytes[start] === MINUS ? start + 1 : start;
  let at = skipDigits(bytes, first, end);
  if (at === first) return false;
  if (at < end && bytes[at] === DOT) {
    const fraction = at + 1;
    at = skipDigits(bytes, fraction, end);
    if (at === fraction) return false;
  }
  if (at < end && bytes[at] === E) {
    const signed = at + 1;
    const exponent = bytes[signed] === MINUS || bytes[signed] === PLUS ? signed + 1 : signed;
    at = skipDigits(bytes, exponent, end);
    if (at === exponent) return false;
  }
  return at === end;
}

const DATE_BYTES = 10;
const SECONDS_BYTES = 19;
const MICROS_BYTES = 26;
const SECONDS_PER_DAY = 86_400;

const digit = (bytes: Buffer, at: number): number => (bytes[at] ?? 0) - ZERO;
const two = (bytes: Buffer, at: number): number => digit(bytes, at) * 10 + digit(bytes, at + 1);

/** Does `bytes` hold the pattern there, 0 standing for any digit? */
function looksLike(pattern: string, bytes: Buffer, start: number): boolean {
  for (let i = 0; i < pattern.length; i++) {
    const byte = bytes[start + i] ?? 0;
    const wanted = pattern.charCodeAt(i);
    if (wanted === ZERO ? byte < ZERO || byte > NINE : byte !== wanted) return false;
  }
  return true;
}

const daysAt = (bytes: Buffer, at: number): number =>
  daysFromCivil(two(bytes, at) * 100 + two(bytes, at + 2), two(bytes, at + 5), two(bytes, at + 8));

function writeDate(out: JsonWriter, bytes: Buffer, start: number, end: number): boolean {
  if (end - start !== DATE_BYTES || !looksLike('0000-00-00', bytes, start)) return false;
  const days = daysAt(bytes, start);
  if (days < 0) out.byte(MINUS);
  out.digits(Math.abs(days));
  return true;
}

/** Years 1970 to 9999; the others are rare enough for the long way. */
function timestampWriter(type_modifier: number, slow: WriteColumn): WriteColumn {
  const digits = type_modifier >= 0 && type_modifier <= 3 ? 3 : 6;
  return (out, bytes, start, end) => {
    if (!isTimestamp(bytes, start, end)) return slow(out, bytes, start, end);
    const at = start + DATE_BYTES + 1;
    const second_of_day = two(bytes, at) * 3_600 + two(bytes, at + 3) * 60 + two(bytes, at + 6);
    const seconds = daysAt(bytes, start) * SECONDS_PER_DAY + second_of_day;
    if (seconds <= 0) return slow(out, bytes, start, end);
    // Seconds and their fraction apart: together they pass 2^53.
    out.digits(seconds);
    let fraction = 0;
    for (let i = 0; i < digits; i++) {
      const place = start + SECONDS_BYTES + 1 + i;
      fraction = fraction * 10 + (place < end ? digit(bytes, place) : 0);
    }
    out.digits(fraction, digits);
  };
}

/** `2026-01-02 03:04:05`, with up to six digits behind it. */
function isTimestamp(bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (length < SECONDS_BYTES || length > MICROS_BYTES || !looksLike('0000-00-00 00:00:00', bytes, start)) return false;
  if (length === SECONDS_BYTES) return true;
  const fraction = start + SECONDS_BYTES + 1;
  return bytes[fraction - 1] === DOT && fraction < end && skipDigits(bytes, fraction, end) === end;
}

/** A `timestamptz` in UTC: only the form changes. */
function writeInstant(out: JsonWriter, bytes: Buffer, start: number, end: number): boolean {
  const zone = end - 3;
  if (!isTimestamp(bytes, start, zone) || !looksLike('+00', bytes, zone) || two(bytes, zone + 1) !== 0) return false;
  out.byte(QUOTE);
  out.copy(bytes, start, start + DATE_BYTES);
  out.byte(code('T'));
  out.copy(bytes, start + DATE_BYTES + 1, zone);
  out.byte(code('Z'));
  out.byte(QUOTE);
  return true;
}
