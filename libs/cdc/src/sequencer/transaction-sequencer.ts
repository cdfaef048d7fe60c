import { invariant, NervelineError, unreachable, type Lsn } from '@nerveline/kernel';
import { decodeMessage } from '../pgoutput/decode-message';
import type { MessageConsumer } from '../pgoutput/message-consumer';
import type { InProgressMessage, TwoPhaseMessage } from '../pgoutput/messages';
import { isRow, RowMessage } from '../pgoutput/row-message';
import { TransactionSpool } from './transaction-spool';

export interface TransactionSequencerOptions {
  readonly consumer: MessageConsumer;
  /** Resolves when the consumer may take more; a large transaction is handed over part by part. */
  readonly ready: () => Promise<void>;
  /** Nothing above may be confirmed while a prepared transaction waits for its end: it would not come again. */
  readonly holdBack: (prepare_lsn: Lsn | undefined) => void;
  readonly spill_directory: string;
  /** Transactions that have not ended may take so much memory together; the rest lies on disk. */
  readonly max_memory_bytes: number;
  readonly max_spill_bytes: number;
}

interface PreparedTransaction {
  readonly spool: TransactionSpool;
  readonly prepare_lsn: Lsn;
}

/** Where messages go between start and stop of a part, or between BEGIN PREPARE and PREPARE. */
interface Destination {
  readonly spool: TransactionSpool;
  readonly xid: number;
  /** Messages of a part name their sub-transaction. */
  readonly has_xids: boolean;
}

const code = (letter: string): number => letter.charCodeAt(0);
const RELATION = code('R');
const TYPE = code('Y');
const TRUNCATE = code('T');
const MESSAGE = code('M');
const ORIGIN = code('O');
const XID_BYTES = 4;
const FRAMING = new Set(['S', 'E', 'c', 'A', 'b', 'P', 'p', 'K', 'r'].map(code));

/**
 * Puts the stream into whole transactions in the order of their commits. What has committed already passes through;
 * parts of transactions in progress and prepared transactions wait here, in bounded memory and on disk, for their
 * COMMIT or for the ROLLBACK that throws them away.
 */
export class TransactionSequencer implements AsyncDisposable {
  readonly #row = new RowMessage();
  readonly #open = new Map<number, TransactionSpool>();
  readonly #prepared = new Map<string, PreparedTransaction>();
  #into: Destination | undefined;

  constructor(private readonly options: TransactionSequencerOptions) {}

  /** Bytes of transactions that have not ended, in memory and on disk. */
  get held_bytes(): number {
    return this.#spools().reduce((sum, { total_bytes }) => sum + total_bytes, 0);
  }

  /**
   * Takes the message from `start` to `end`. A promise that it gives must be waited for before the next.
   *
   * @throws NervelineError `NL-CDC-013`, `NL-CDC-021`, and what the consumer throws
   */
  take(bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    const tag = bytes[start] ?? 0;
    if (FRAMING.has(tag)) return this.#frame(bytes.subarray(start, end));
    if (this.#into !== undefined) return this.#keep(this.#into, bytes.subarray(start, end));
    this.#pass(bytes, start, end);
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const spool of this.#spools()) await spool[Symbol.asyncDispose]();
    this.#open.clear();
    this.#prepared.clear();
  }

  #pass(bytes: Buffer, start: number, end: number): void {
    const { consumer } = this.options;
    if (isRow(bytes[start])) {
      this.#row.read(bytes, start, end);
      return consumer.row(this.#row);
    }
    const message = decodeMessage(bytes.subarray(start, end));
    switch (message.kind) {
      case 'begin':
      case 'commit':
      case 'origin':
      case 'relation':
      case 'type':
      case 'truncate':
      case 'message':
        return consumer.handle(message);
      default:
        throw new NervelineError('NL-CDC-013', { detail: `a ${message.kind} message where none may be` });
    }
  }

  /** Rows of a part have the id of their sub-transaction behind the letter; as they wait they haven't. */
  #keep(into: Destination, bytes: Buffer): Promise<void> | undefined {
    const { spool, xid, has_xids } = into;
    const tag = bytes[0];
    const describes = tag === RELATION || tag === TYPE;
    const tagged = has_xids && (describes || isRow(tag) || tag === TRUNCATE || tag === MESSAGE);
    if (!tagged && tag === ORIGIN) return undefined;
    if (!tagged) {
      // Of a prepared transaction. The server says it once, and others that commit before rely on it.
      if (describes) this.#pass(bytes, 0, bytes.length);
      spool.append(xid, bytes, describes);
    } else {
      if (bytes.length <= XID_BYTES) throw new NervelineError('NL-CDC-013', { detail: 'a message ends in its xid' });
      const subxid = bytes.readUInt32BE(1);
      // The message is ours until we return: its letter moves over the id.
      bytes[XID_BYTES] = tag ?? 0;
      spool.append(subxid, bytes.subarray(XID_BYTES), describes);
    }
    return this.#bound();
  }

  #bound(): Promise<void> | undefined {
    let memory_bytes = 0;
    for (const spool of this.#open.values()) memory_bytes += spool.memory_bytes;
    for (const { spool } of this.#prepared.values()) memory_bytes += spool.memory_bytes;
    if (this.#into?.has_xids === false) memory_bytes += this.#into.spool.memory_bytes;
    return memory_bytes > this.options.max_memory_bytes ? this.#spill() : undefined;
  }

  /** The largest goes first: it is the one that will go on growing. */
  async #spill(): Promise<void> {
    const { spill_directory, max_spill_bytes } = this.options;
    const held_bytes = this.held_bytes;
    if (held_bytes > max_spill_bytes) {
      throw new NervelineError('NL-CDC-021', { detail: `${held_bytes} bytes of transactions that have not ended` });
    }
    const [largest] = this.#spools().sort((a, b) => b.memory_bytes - a.memory_bytes);
    try {
      await largest?.spill(spill_directory);
    } catch (cause) {
      const detail = `${spill_directory}: ${cause instanceof Error ? cause.message : String(cause)}`;
      throw new NervelineError('NL-CDC-021', { detail, cause });
    }
  }

  #frame(bytes: Buffer): Promise<void> | undefined {
    const message = decodeMessage(bytes) as InProgressMessage | TwoPhaseMessage;
    switch (message.kind) {
      case 'stream_start':
        this.#into = { spool: this.#openSpool(message.xid), xid: message.xid, has_xids: true };
        return undefined;
      case 'stream_stop':
        this.#into = undefined;
        return undefined;
      case 'stream_abort':
        return this.#abort(message.xid, message.subxid);
      case 'stream_commit':
        return this.#replay(this.#takeOpen(message.xid), message);
      case 'begin_prepare':
        this.#into = { spool: new TransactionSpool(), xid: message.xid, has_xids: false };
        return undefined;
      case 'prepare':
        return this.#prepare(message, this.#into?.spool);
      case 'stream_prepare':
        return this.#prepare(message, this.#takeOpen(message.xid));
      case 'commit_prepared':
        return this.#replay(this.#takePrepared(message.gid), message);
      case 'rollback_prepared':
        return this.#rollbackPrepared(message.gid);
      default:
        return unreachable(message);
    }
  }

  #openSpool(xid: number): TransactionSpool {
    const known = this.#open.get(xid) ?? new TransactionSpool();
    this.#open.set(xid, known);
    return known;
  }

  #takeOpen(xid: number): TransactionSpool | undefined {
    const spool = this.#open.get(xid);
    this.#open.delete(xid);
    return spool;
  }

  /** PostgreSQL 18 sends aborts of transactions that it never streamed, also to who didn't ask for parts. */
  #abort(xid: number, subxid: number): Promise<void> | undefined {
    if (xid === subxid) return this.#takeOpen(xid)?.[Symbol.asyncDispose]();
    this.#open.get(xid)?.rollback(subxid);
    return undefined;
  }

  #prepare(
    { gid, prepare_lsn }: TwoPhaseMessage & { kind: 'prepare' | 'begin_prepare' | 'stream_prepare' },
    spool: TransactionSpool | undefined,
  ): undefined {
    invariant(spool !== undefined, `transaction ${gid} is prepared, but it never began`);
    this.#into = undefined;
    this.#prepared.set(gid, { spool, prepare_lsn });
    this.#holdBack();
  }

  #takePrepared(gid: string): TransactionSpool | undefined {
    const spool = this.#prepared.get(gid)?.spool;
    this.#prepared.delete(gid);
    return spool;
  }

  #rollbackPrepared(gid: string): Promise<void> | undefined {
    const spool = this.#takePrepared(gid);
    this.#holdBack();
    return spool?.[Symbol.asyncDispose]();
  }

  #holdBack(): void {
    let oldest: Lsn | undefined;
    for (const { prepare_lsn } of this.#prepared.values()) {
      if (oldest === undefined || prepare_lsn < oldest) oldest = prepare_lsn;
    }
    this.options.holdBack(oldest);
  }

  /** The transaction has committed: now it goes on, like one that came whole. */
  async #replay(
    spool: TransactionSpool | undefined,
    end: { readonly xid: number; readonly commit_lsn: Lsn; readonly end_lsn: Lsn; readonly committed_us: bigint },
  ): Promise<void> {
    const { consumer, ready } = this.options;
    const { xid, commit_lsn, end_lsn, committed_us } = end;
    invariant(spool !== undefined, `transaction ${xid} commits, but it never began`);
    await using _closed = spool;
    consumer.handle({ kind: 'begin', xid, commit_lsn, committed_us });
    // Only now may the floor pass it: the consumer counts it among what is outstanding.
    this.#holdBack();
    for await (const messages of spool.parts()) {
      for (const message of messages) this.#pass(message, 0, message.length);
      await ready();
    }
    consumer.handle({ kind: 'commit', commit_lsn, end_lsn, committed_us });
  }

  #spools(): TransactionSpool[] {
    const held = [...this.#open.values(), ...[...this.#prepared.values()].map(({ spool }) => spool)];
    return this.#into?.has_xids === false ? [...held, this.#into.spool] : held;
  }
}
