import { lsn, NervelineError } from '@nerveline/kernel';
import { ByteReader } from './byte-reader';
import {
  unchanged,
  type Column,
  type ColumnValue,
  type InProgressMessage,
  type OldTuple,
  type PgoutputMessage,
  type Relation,
  type ReplicaIdentity,
  type Tuple,
  type TwoPhaseMessage,
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
const ABORT_PLACE_BYTES = 16;

/**
 * Decodes one message of pgoutput, protocol versions 1 to 4, columns in text form, into plain objects. The stream's rows
 * go through {@link RowMessage} instead, which is checked against this. Rows of a transaction in progress have their xid
 * behind the letter: {@link TransactionSequencer} takes it out.
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
      return { kind: 'type', type_oid: reader.uint32(), schema: schemaName(reader.cstring()), name: reader.cstring() };
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
      return decodeFraming(tag, reader);
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
  return { relation_oid, schema: schemaName(schema), table, replica_identity, columns };
}

/** The system catalogue's own schema travels as an empty name. */
const schemaName = (name: string): string => (name === '' ? 'pg_catalog' : name);

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

/** Transactions in progress and in two phases. */
function decodeFraming(tag: string, reader: ByteReader): InProgressMessage | TwoPhaseMessage {
  switch (tag) {
    case 'S':
      return { kind: 'stream_start', xid: reader.uint32(), is_first: reader.uint8() === 1 };
    case 'E':
      return { kind: 'stream_stop' };
    case 'c':
      return decodeStreamCommit(reader);
    case 'A':
      return decodeStreamAbort(reader);
    case 'b':
      return decodePrepare('begin_prepare', reader);
    case 'P':
      reader.uint8(); // flags, none defined
      return decodePrepare('prepare', reader);
    case 'p':
      reader.uint8();
      return decodePrepare('stream_prepare', reader);
    case 'K':
      return decodeCommitPrepared(reader);
    case 'r':
      return decodeRollbackPrepared(reader);
    default:
      throw malformed(`unknown message '${tag}'`);
  }
}

function decodeStreamCommit(reader: ByteReader): InProgressMessage {
  const xid = reader.uint32();
  reader.uint8(); // flags, none defined
  return {
    kind: 'stream_commit',
    xid,
    commit_lsn: lsn(reader.uint64()),
    end_lsn: lsn(reader.uint64()),
    committed_us: reader.int64() + POSTGRES_EPOCH_US,
  };
}

function decodeStreamAbort(reader: ByteReader): InProgressMessage {
  const message = { kind: 'stream_abort', xid: reader.uint32(), subxid: reader.uint32() } as const;
  // With streaming = parallel, position and time follow.
  if (reader.remaining_bytes > 0) reader.take(ABORT_PLACE_BYTES);
  return message;
}

function decodePrepare(kind: 'begin_prepare' | 'prepare' | 'stream_prepare', reader: ByteReader): TwoPhaseMessage {
  const prepare_lsn = lsn(reader.uint64());
  const end_lsn = lsn(reader.uint64());
  reader.int64(); // time
  return { kind, prepare_lsn, end_lsn, xid: reader.uint32(), gid: reader.cstring() };
}

function decodeCommitPrepared(reader: ByteReader): TwoPhaseMessage {
  reader.uint8(); // flags, none defined
  return {
    kind: 'commit_prepared',
    commit_lsn: lsn(reader.uint64()),
    end_lsn: lsn(reader.uint64()),
    committed_us: reader.int64() + POSTGRES_EPOCH_US,
    xid: reader.uint32(),
    gid: reader.cstring(),
  };
}

function decodeRollbackPrepared(reader: ByteReader): TwoPhaseMessage {
  reader.uint8(); // flags, none defined
  const prepare_end_lsn = lsn(reader.uint64());
  const end_lsn = lsn(reader.uint64());
  reader.int64(); // prepared
  reader.int64(); // rolled back
  return { kind: 'rollback_prepared', prepare_end_lsn, end_lsn, xid: reader.uint32(), gid: reader.cstring() };
}

function times<T>(count: number, read: () => T): T[] {
  const values: T[] = [];
  for (let i = 0; i < count; i++) values.push(read());
  return values;
}

const malformed = (detail: string) => new NervelineError('NL-CDC-013', { detail });
