/** Object ids of PostgreSQL's own types; they never change (src/include/catalog/pg_type.dat). */
export const typeOids = {
  bool: 16,
  bytea: 17,
  char: 18,
  int8: 20,
  int2: 21,
  int4: 23,
  oid: 26,
  float4: 700,
  float8: 701,
  money: 790,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  timetz: 1266,
  numeric: 1700,
} as const;

/** Array types with the type of their elements. Only those whose delimiter is a comma: not `box[]`. */
export const elementTypeByArray: ReadonlyMap<number, number> = new Map([
  [143, 142], // xml
  [199, 114], // json
  [271, 5069], // xid8
  [629, 628], // line
  [651, 650], // cidr
  [719, 718], // circle
  [775, 774], // macaddr8
  [791, typeOids.money],
  [1000, typeOids.bool],
  [1001, typeOids.bytea],
  [1002, typeOids.char],
  [1003, 19], // name
  [1005, typeOids.int2],
  [1007, typeOids.int4],
  [1008, 24], // regproc
  [1009, 25], // text
  [1010, 27], // tid
  [1011, 28], // xid
  [1012, 29], // cid
  [1014, 1042], // bpchar
  [1015, 1043], // varchar
  [1016, typeOids.int8],
  [1017, 600], // point
  [1018, 601], // lseg
  [1019, 602], // path
  [1021, typeOids.float4],
  [1022, typeOids.float8],
  [1027, 604], // polygon
  [1028, typeOids.oid],
  [1034, 1033], // aclitem
  [1040, 829], // macaddr
  [1041, 869], // inet
  [1115, typeOids.timestamp],
  [1182, typeOids.date],
  [1183, typeOids.time],
  [1185, typeOids.timestamptz],
  [1187, 1186], // interval
  [1231, typeOids.numeric],
  [1270, typeOids.timetz],
  [1561, 1560], // bit
  [1563, 1562], // varbit
  [2201, 1790], // refcursor
  [2207, 2202], // regprocedure
  [2208, 2203], // regoper
  [2209, 2204], // regoperator
  [2210, 2205], // regclass
  [2211, 2206], // regtype
  [2949, 2970], // txid_snapshot
  [2951, 2950], // uuid
  [3221, 3220], // pg_lsn
  [3643, 3614], // tsvector
  [3645, 3615], // tsquery
  [3735, 3734], // regconfig
  [3770, 3769], // regdictionary
  [3807, 3802], // jsonb
  [3905, 3904], // int4range
  [3907, 3906], // numrange
  [3909, 3908], // tsrange
  [3911, 3910], // tstzrange
  [3913, 3912], // daterange
  [3927, 3926], // int8range
  [4073, 4072], // jsonpath
  [4090, 4089], // regnamespace
  [4097, 4096], // regrole
  [4192, 4191], // regcollation
  [5039, 5038], // pg_snapshot
  [6150, 4451], // int4multirange
  [6151, 4532], // nummultirange
  [6152, 4533], // tsmultirange
  [6153, 4534], // tstzmultirange
  [6155, 4535], // datemultirange
  [6157, 4536], // int8multirange
]);

const oidByName = new Map<string, number>(Object.entries(typeOids));
const arrayByElement = new Map([...elementTypeByArray].map(([array, element]) => [element, array]));

/**
 * A type of PostgreSQL's own whose JSON isn't its text, by its name in `pg_type`. The stream names the type that a domain
 * is made of, not its object id. Undefined for the others.
 */
export function typeOidByName(name: string): number | undefined {
  if (!name.startsWith('_')) return oidByName.get(name);
  const element = oidByName.get(name.slice(1)) ?? TEXT_ELEMENTS.get(name.slice(1));
  return element === undefined ? undefined : arrayByElement.get(element);
}

/** Elements that are text in JSON, of which domains are made often enough. */
const TEXT_ELEMENTS: ReadonlyMap<string, number> = new Map([
  ['text', 25],
  ['varchar', 1043],
  ['bpchar', 1042],
  ['uuid', 2950],
  ['jsonb', 3802],
  ['json', 114],
]);
