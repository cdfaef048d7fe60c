import { NervelineError } from '@nerveline/kernel';
import { arrayToJson } from './array-literal';
import { dateToDays, timestamptzToIso, timestampToNumber, timetzToIso, timeToNumber } from './temporal';
import { elementTypeByArray, typeOids } from './type-oids';

/** Turns a column's text form into JSON text, every digit kept. */
export type ColumnToJson = (text: string) => string;

/**
 * The JSON form of a column by Debezium's conventions: `decimal.handling.mode=string`, `time.precision.mode=adaptive`,
 * `binary.handling.mode=base64`, `interval.handling.mode=string`. A type that isn't known is its text.
 *
 * @param type_modifier holds the precision of a time or timestamp
 */
export function columnToJson(type_oid: number, type_modifier: number): ColumnToJson {
  switch (type_oid) {
    case typeOids.bool:
      return booleanToJson;
    case typeOids.int2:
    case typeOids.int4:
    case typeOids.int8:
    case typeOids.oid:
      return integerToJson;
    case typeOids.float4:
    case typeOids.float8:
      return floatToJson;
    case typeOids.money:
      return moneyToJson;
    case typeOids.bytea:
      return byteaToJson;
    case typeOids.date:
      return dateToDays;
    case typeOids.time:
      return (text) => timeToNumber(text, type_modifier);
    case typeOids.timestamp:
      return (text) => timestampToNumber(text, type_modifier);
    case typeOids.timestamptz:
      return (text) => JSON.stringify(timestamptzToIso(text));
    case typeOids.timetz:
      return (text) => JSON.stringify(timetzToIso(text));
    default:
      return arrayOrText(type_oid, type_modifier);
  }
}

/** Text, varchar, char, uuid, json, jsonb, numeric, interval, enums, domains and what is not known: the text itself. */
function arrayOrText(type_oid: number, type_modifier: number): ColumnToJson {
  const element_oid = elementTypeByArray.get(type_oid);
  if (element_oid === undefined) return JSON.stringify;
  const element = columnToJson(element_oid, type_modifier);
  return (text) => arrayToJson(text, element);
}

function booleanToJson(text: string): string {
  if (text === 't') return 'true';
  if (text === 'f') return 'false';
  throw unexpected('bool');
}

// The digits go over as they are: a number of JavaScript would round an int8 beyond 2^53.
function integerToJson(text: string): string {
  if (!/^-?\d+$/.test(text)) throw unexpected('integer');
  return text;
}

function floatToJson(text: string): string {
  if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return `"${text}"`;
  if (!/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(text)) throw unexpected('float');
  return text;
}

/** The session has `lc_monetary = C`: a dollar sign and commas, which aren't part of the amount. */
function moneyToJson(text: string): string {
  if (!/^-?\$\d{1,3}(?:,\d{3})*\.\d\d$/.test(text)) throw unexpected('money');
  return `"${text.replace(/[$,]/g, '')}"`;
}

function byteaToJson(text: string): string {
  if (!text.startsWith('\\x')) throw unexpected('bytea');
  return `"${Buffer.from(text.slice(2), 'hex').toString('base64')}"`;
}

const unexpected = (type: string) => new NervelineError('NL-CDC-014', { detail: `a value is not a ${type}` });
