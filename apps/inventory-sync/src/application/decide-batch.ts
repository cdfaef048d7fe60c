import type { Principal } from '@nerveline/kernel';
import type { ChannelId, IdempotencyKey, LocationId, ReservationId, Sku } from '@nerveline/contracts';
import type { Outcome, StockCommand } from '../domain/command';
import { decide, type Book, type KeptAnswer, type Refusal } from '../domain/decide';
import type { StockPolicy } from '../domain/policy';
import type { Reservation } from '../domain/reservation';
import type { LedgerEntry, SkuStock } from '../domain/stock';

/** A tenant's books on the way through a batch: what a command decided, the next one sees. */
export interface WorkingBook extends Book {
  readonly stock: Map<Sku, SkuStock>;
  readonly reservations: Map<ReservationId, Reservation>;
  readonly answers: Map<IdempotencyKey, KeptAnswer>;
  readonly channels: Set<ChannelId>;
  readonly locations: Set<LocationId>;
}

export const emptyBook = (): WorkingBook => ({
  stock: new Map(),
  reservations: new Map(),
  answers: new Map(),
  channels: new Set(),
  locations: new Set(),
});

/** The books by tenant. */
export type Books = Map<string, WorkingBook>;

export interface TenantWrite<T> {
  readonly tenant_id: string;
  readonly value: T;
}

/** Everything that a batch of commands writes, in the order in which it was decided. */
export interface Writes {
  readonly entries: readonly (TenantWrite<LedgerEntry> & { readonly by: Principal })[];
  /** Reservations that did not exist before the batch, as they are behind it. */
  readonly made: readonly TenantWrite<Reservation>[];
  /** Reservations that existed and that the batch ended. */
  readonly ended: readonly TenantWrite<Reservation>[];
  readonly answers: readonly TenantWrite<KeptAnswer>[];
  readonly refusals: readonly (TenantWrite<Refusal> & { readonly by: Principal })[];
}

export interface DecidedCommand {
  readonly command: StockCommand;
  readonly outcome: Outcome;
  /** False when the answer was kept from an earlier request with the same key. */
  readonly is_new: boolean;
}

export interface DecidedBatch {
  /** One for each command, in their order. */
  readonly decided: readonly DecidedCommand[];
  readonly writes: Writes;
}

/** Decides commands one after another on the same books, which it changes: first come, first served. */
export function decideBatch(books: Books, commands: readonly StockCommand[], policy: StockPolicy): DecidedBatch {
  const entries: (TenantWrite<LedgerEntry> & { by: Principal })[] = [];
  const answers: TenantWrite<KeptAnswer>[] = [];
  const refusals: (TenantWrite<Refusal> & { by: Principal })[] = [];
  const made = new Map<ReservationId, TenantWrite<Reservation>>();
  const ended = new Map<ReservationId, TenantWrite<Reservation>>();
  const decided = commands.map((command) => {
    const { by } = command;
    const { tenant_id } = by;
    const book = books.get(tenant_id) ?? emptyBook();
    const decision = decide(book, command, policy);
    for (const [sku, stock] of decision.stock) book.stock.set(sku, stock);
    for (const value of decision.entries) entries.push({ tenant_id, value, by });
    if (decision.reservation !== undefined) {
      const { reservation_id } = decision.reservation;
      const is_new = made.has(reservation_id) || !book.reservations.has(reservation_id);
      (is_new ? made : ended).set(reservation_id, { tenant_id, value: decision.reservation });
      book.reservations.set(reservation_id, decision.reservation);
    }
    if (decision.kept_answer !== undefined) {
      answers.push({ tenant_id, value: decision.kept_answer });
      book.answers.set(decision.kept_answer.idempotency_key, decision.kept_answer);
    }
    if (decision.refusal !== undefined) refusals.push({ tenant_id, value: decision.refusal, by });
    return { command, outcome: decision.outcome, is_new: decision.is_new };
  });
  return { decided, writes: { entries, made: [...made.values()], ended: [...ended.values()], answers, refusals } };
}
