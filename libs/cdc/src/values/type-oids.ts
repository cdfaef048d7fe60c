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
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  timetz: 1266,
  numeric: 1700,
} as const;

/** Array types with the type of their elements. Only those whose delimiter is a comma. */
export const elementTypeByArray: ReadonlyMap<number, number> = new Map([
  [1000, typeOids.bool],
  [1001, typeOids.bytea],
  [1002, typeOids.char],
  [1003, 19], // name
  [1005, typeOids.int2],
  [1007, typeOids.int4],
  [1009, 25], // text
  [1014, 1042], // bpchar
  [1015, 1043], // varchar
  [1016, typeOids.int8],
  [1021, typeOids.float4],
  [1022, typeOids.float8],
  [1028, typeOids.oid],
  [1115, typeOids.timestamp],
  [1182, typeOids.date],
  [1183, typeOids.time],
  [1185, typeOids.timestamptz],
  [1270, typeOids.timetz],
  [1231, typeOids.numeric],
  [199, 114], // json
  [2951, 2950], // uuid
  [3807, 3802], // jsonb
]);
