import { lsn, NervelineError, type Lsn } from '@nerveline/kernel';
import { POSTGRES_EPOCH_US } from '../pgoutput/decode-message';

const WAL = 'w'.charCodeAt(0);
const KEEP_ALIVE = 'k'.charCodeAt(0);
const WAL_HEADER_BYTES = 25;
const KEEP_ALIVE_BYTES = 18;
const STATUS_BYTES = 34;
const FRAME_BYTES = 5;

/** What a WAL sender puts into copy-both mode. */
export interface WalReceiver {
  /** A message of the output plugin, from `start` to `end`, to be used at once; a promise holds the stream back. */
  wal(bytes: Buffer, start: number, end: number): Promise<void> | undefined;
  /** Everything that committed below `wal_end` has been sent. */
  keepAlive(wal_end: Lsn, reply_requested: boolean): void;
}

/**
 * Reads one CopyData payload of the streaming replication protocol, in place.
 *
 * @see https://www.postgresql.org/docs/current/protocol-replication.html
 * @throws NervelineError `NL-CDC-013`
 */
export function readCopyData(
  receiver: WalReceiver,
  bytes: Buffer,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<void> | undefined {
  const length = end - start;
  if (bytes[start] === WAL && length >= WAL_HEADER_BYTES) return receiver.wal(bytes, start + WAL_HEADER_BYTES, end);
  if (bytes[start] === KEEP_ALIVE && length === KEEP_ALIVE_BYTES) {
    receiver.keepAlive(lsn(bytes.readBigUInt64BE(start + 1)), bytes[end - 1] === 1);
    return undefined;
  }
  throw new NervelineError('NL-CDC-013', { detail: `unknown replication message ${bytes[start]} of ${length} bytes` });
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
