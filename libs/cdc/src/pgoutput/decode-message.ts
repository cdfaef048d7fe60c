import { lsn, NervelineError } from '@nerveline/kernel';
import { ByteReader } from './byte-reader';
import {
  unchanged,
  type Column,
  type ColumnValue,
  type OldTuple,
  type PgoutputMessage,
  type Relation,
  type ReplicaIdentity,
  type Tuple,
} from './messages';

/** Microseconds from the Unix epoch to PostgreSQL's, 2000-01-01. */
export const POSTGRES_EPOCH_US = 946_684_800_000_000n;

const code = (letter: string): number => letter.charCodeAt(0);
const NULL = code('n');
const UNCHANGED = code('u');
const TEXT = code('t');
const KEY = code('K');
const FULL = code('O');
const NEW = code('N');

/**
 * Decodes one message of pgoutput, protocol version 1, columns in text form. Protocol 2 puts a transaction id in front
 * of the row messages and `b` marks a binary column: those two places are where they would enter.
 *
 * @see https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
 * @throws NervelineError `NL-CDC-013`
 */
export function decodeMessage(bytes: Buffer): PgoutputMessage {
  const reader = new ByteReader(bytes);
  const message = decodeBody(String.fromCharCode(reader.uint8()), reader);
  if (reader.remaining_bytes > 0) {
    throw malformed(`${reader.remaining_bytes} bytes are left behind a ${message.kind} message`);
  }
  return message;
}

function decodeBody(tag: string, reader: ByteReader): PgoutputMessage {
  switch (tag) {
    case 'B':
      return {
        kind: 'begin',
        commit_lsn: lsn(reader.uint64()),
        committed_us: reader.int64() + POSTGRES_EPOCH_US,
        xid: reader.uint32(),
      };
    case 'C':
      return decodeCommit(reader);
    case 'O':
      return { kind: 'origin', origin_lsn: lsn(reader.uint64()), name: reader.cstring() };
    case 'R':
      return { kind: 'relation', relation: decodeRelation(reader) };
    case 'Y':
      return { kind: 'type', type_oid: reader.uint32(), schema: reader.cstring(), name: reader.cstring() };
    case 'I':
      return { kind: 'insert', relation_oid: reader.uint32(), after: decodeNewTuple(reader, reader.uint8()) };
    case 'U':
      return decodeUpdate(reader);
    case 'D':
      return { kind: 'delete', relation_oid: reader.uint32(), before: decodeOldTuple(reader, reader.uint8()) };
    case 'T':
      return decodeTruncate(reader);
    case 'M':
      return decodeLogicalMessage(reader);
    default:
      throw malformed(`unknown message '${tag}'`);
  }
}

function decodeCommit(reader: ByteReader): PgoutputMessage {
  reader.uint8(); // flags, none defined
  return {
    kind: 'commit',
    commit_lsn: lsn(reader.uint64()),
    end_lsn: lsn(reader.uint64()),
    committed_us: reader.int64() + POSTGRES_EPOCH_US,
  };
}

function decodeRelation(reader: ByteReader): Relation {
  const relation_oid = reader.uint32();
  const schema = reader.cstring();
  const table = reader.cstring();
  const replica_identity = decodeReplicaIdentity(String.fromCharCode(reader.uint8()));
  const columns = times(reader.uint16(), (): Column => {
    const is_identity = (reader.uint8() & 1) !== 0;
    return { is_identity, name: reader.cstring(), type_oid: reader.uint32(), type_modifier: reader.int32() };
  });
  // The system catalogue's own schema travels as an empty name.
  return { relation_oid, schema: schema === '' ? 'pg_catalog' : schema, table, replica_identity, columns };
}

/** @throws NervelineError `NL-CDC-013` */
export function decodeReplicaIdentity(letter: string): ReplicaIdentity {
  switch (letter) {
    case 'd':
    case 'i':
    case 'f':
    case 'n':
      return letter;
    default:
      throw malformed(`unknown replica identity '${letter}'`);
  }
}

function decodeUpdate(reader: ByteReader): PgoutputMessage {
  const relation_oid = reader.uint32();
  const first = reader.uint8();
  if (first === NEW) return { kind: 'update', relation_oid, before: undefined, after: decodeTuple(reader) };
  const before = decodeOldTuple(reader, first);
  return { kind: 'update', relation_oid, before, after: decodeNewTuple(reader, reader.uint8()) };
}

function decodeOldTuple(reader: ByteReader, mark: number): OldTuple {
  if (mark !== KEY && mark !== FULL) throw malformed(`unknown old tuple '${String.fromCharCode(mark)}'`);
  return { kind: mark === KEY ? 'key' : 'full', tuple: decodeTuple(reader) };
}

function decodeNewTuple(reader: ByteReader, mark: number): Tuple {
  if (mark !== NEW) throw malformed(`expected a new tuple, got '${String.fromCharCode(mark)}'`);
  return decodeTuple(reader);
}

function decodeTuple(reader: ByteReader): Tuple {
  const count = reader.uint16();
  const tuple: ColumnValue[] = [];
  for (let i = 0; i < count; i++) tuple.push(decodeColumn(reader));
  return tuple;
}

function decodeColumn(reader: ByteReader): ColumnValue {
  const kind = reader.uint8();
  if (kind === TEXT) return reader.text(reader.int32());
  if (kind === NULL) return null;
  if (kind === UNCHANGED) return unchanged;
  throw malformed(`unknown column kind '${String.fromCharCode(kind)}'`);
}

function decodeTruncate(reader: ByteReader): PgoutputMessage {
  const count = reader.uint32();
  const options = reader.uint8();
  return {
    kind: 'truncate',
    cascade: (options & 1) !== 0,
    restart_identity: (options & 2) !== 0,
    relation_oids: times(count, () => reader.uint32()),
  };
}

function decodeLogicalMessage(reader: ByteReader): PgoutputMessage {
  const flags = reader.uint8();
  const message_lsn = lsn(reader.uint64());
  const prefix = reader.cstring();
  const content = Uint8Array.from(reader.take(reader.int32()));
  return { kind: 'message', transactional: (flags & 1) !== 0, lsn: message_lsn, prefix, content };
}

function times<T>(count: number, read: () => T): T[] {
  const values: T[] = [];
  for (let i = 0; i < count; i++) values.push(read());
  return values;
}

const malformed = (detail: string) => new NervelineError('NL-CDC-013', { detail });
