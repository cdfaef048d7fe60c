import { lsn, NervelineError, type Lsn } from '@nerveline/kernel';
import { POSTGRES_EPOCH_US } from '../pgoutput/decode-message';

/** What a WAL sender puts into copy-both mode. */
export type WalMessage =
  | { readonly kind: 'wal'; readonly wal_end: Lsn; readonly payload: Buffer }
  /** Everything that committed below `wal_end` has been sent. */
  | { readonly kind: 'keep_alive'; readonly wal_end: Lsn; readonly reply_requested: boolean };

const WAL = 'w'.charCodeAt(0);
const KEEP_ALIVE = 'k'.charCodeAt(0);
const WAL_HEADER_BYTES = 25;
const KEEP_ALIVE_BYTES = 18;
const STATUS_BYTES = 34;
const FRAME_BYTES = 5;

/**
 * Reads one CopyData payload of the streaming replication protocol. The WAL payload is a view: use it before the next
 * message arrives.
 *
 * @see https://www.postgresql.org/docs/current/protocol-replication.html
 * @throws NervelineError `NL-CDC-013`
 */
export function decodeWalMessage(chunk: Buffer): WalMessage {
  if (chunk[0] === WAL && chunk.length >= WAL_HEADER_BYTES) {
    return { kind: 'wal', wal_end: lsn(chunk.readBigUInt64BE(9)), payload: chunk.subarray(WAL_HEADER_BYTES) };
  }
  if (chunk[0] === KEEP_ALIVE && chunk.length === KEEP_ALIVE_BYTES) {
    return { kind: 'keep_alive', wal_end: lsn(chunk.readBigUInt64BE(1)), reply_requested: chunk[17] === 1 };
  }
  throw new NervelineError('NL-CDC-013', {
    detail: `unknown replication message ${chunk[0]} of ${chunk.length} bytes`,
  });
}

export interface StandbyStatus {
  /** The end of what has been received. */
  readonly received_lsn: Lsn;
  /** Everything below is durable: the server may forget it. */
  readonly confirmed_lsn: Lsn;
  /** Asks for a keep-alive in return. */
  readonly reply_requested: boolean;
}

/** A standby status update, framed as CopyData. */
export function encodeStandbyStatus(status: StandbyStatus, now_ms: number): Buffer {
  const frame = Buffer.alloc(FRAME_BYTES + STATUS_BYTES);
  frame.write('d', 0, 'latin1');
  frame.writeInt32BE(4 + STATUS_BYTES, 1);
  frame.write('r', 5, 'latin1');
  frame.writeBigUInt64BE(status.received_lsn, 6);
  frame.writeBigUInt64BE(status.confirmed_lsn, 14); // flushed
  frame.writeBigUInt64BE(status.confirmed_lsn, 22); // applied
  frame.writeBigInt64BE(BigInt(now_ms) * 1000n - POSTGRES_EPOCH_US, 30);
  frame.writeUInt8(status.reply_requested ? 1 : 0, 38);
  return frame;
}
