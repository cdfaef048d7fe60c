import type { Lsn } from '@nerveline/kernel';

/**
 * How far the source may forget: the first promise, as arithmetic. Postgres drops WAL below the position that we
 * confirm, so it never passes a change that was received and isn't durable.
 */
export class ConfirmedPosition {
  #safe_lsn: Lsn;
  #outstanding = 0;
  #hold_lsn: Lsn | undefined;

  constructor(start_lsn: Lsn) {
    this.#safe_lsn = start_lsn;
  }

  /** Everything that committed below is durable in the sink. */
  get safe_lsn(): Lsn {
    return this.#hold_lsn !== undefined && this.#hold_lsn < this.#safe_lsn ? this.#hold_lsn : this.#safe_lsn;
  }

  /** Transactions that were received, at least in part, and aren't durable. */
  get outstanding_transactions(): number {
    return this.#outstanding;
  }

  /** The first part of a transaction arrived. */
  received(): void {
    this.#outstanding += 1;
  }

  /** So many transactions, in the order of the stream, are durable up to and including their END. */
  durable(transactions: number, end_lsn: Lsn): void {
    this.#outstanding -= transactions;
    this.#advance(end_lsn);
  }

  /**
   * The server has nothing for us below `wal_end`. Without confirming that, a busy cluster fills its disk for a quiet
   * publication; confirming it while something is still on its way into the sink would lose that in a crash.
   */
  keepAlive(wal_end: Lsn): void {
    if (this.#outstanding === 0) this.#advance(wal_end);
  }

  /**
   * Nothing above is confirmed until it is taken back: the oldest transaction that was prepared there has been received
   * and hasn't ended, and the server sends it again only to who hasn't confirmed it.
   */
  holdBack(prepare_lsn: Lsn | undefined): void {
    this.#hold_lsn = prepare_lsn;
  }

  #advance(lsn: Lsn): void {
    if (lsn > this.#safe_lsn) this.#safe_lsn = lsn;
  }
}
