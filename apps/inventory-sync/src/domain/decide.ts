import { unreachable } from '@nerveline/kernel';
import type { ChannelId, IdempotencyKey, LocationId, ReservationId, ReservationLine, Sku } from '@nerveline/contracts';
import type { KeyedOutcome, Outcome, Rejection, RequestIdentity, StockCommand } from './command';
import { move } from './move';
import type { StockPolicy } from './policy';
import { endHold, transition, type Reservation } from './reservation';
import { reserve, type RefusedLine, type ReserveRequested } from './reserve';
import { post, type LedgerEntry, type Posting, type SkuStock, type Stock } from './stock';

/** An answer that was given, with the digest of the request that got it. */
export interface KeptAnswer extends RequestIdentity {
  readonly outcome: KeyedOutcome;
}

/** What was asked for in vain. */
export interface Refusal {
  readonly idempotency_key: IdempotencyKey;
  readonly channel_id: ChannelId;
  readonly holder: string;
  readonly lines: readonly ReservationLine[];
  readonly refused: readonly RefusedLine[];
  readonly event_ms: number;
}

/** What a tenant's books say about everything that a command touches. */
export interface Book {
  readonly stock: Stock;
  readonly reservations: ReadonlyMap<ReservationId, Reservation>;
  readonly answers: ReadonlyMap<IdempotencyKey, KeptAnswer>;
  readonly channels: ReadonlySet<ChannelId>;
  readonly locations: ReadonlySet<LocationId>;
}

/** What a command brings about: all of it becomes durable in one step, or nothing does. */
export interface Decision {
  readonly outcome: Outcome;
  /** False for an answer that was given before. */
  readonly is_new: boolean;
  /** The SKUs that changed, as they are afterwards. */
  readonly stock: Stock;
  readonly entries: readonly LedgerEntry[];
  /** A reservation that was made or that ended. */
  readonly reservation?: Reservation;
  readonly kept_answer?: KeptAnswer;
  /** A reservation that was refused: told in the log, since nothing else will show it. */
  readonly refusal?: Refusal;
}

type Command<Kind extends StockCommand['kind']> = Extract<StockCommand, { kind: Kind }>;

/**
 * The rule of the service, pure and total. PostgreSQL grants: the books are read under its locks, and what is decided
 * here passes its constraints or doesn't happen.
 */
export function decide(book: Book, command: StockCommand, policy: StockPolicy): Decision {
  if (command.kind !== 'settle') {
    const kept = book.answers.get(command.identity.idempotency_key);
    if (kept !== undefined && kept.request_hash !== command.identity.request_hash) return rejected('key_reused');
    if (kept !== undefined) return { ...unchanged(kept.outcome), is_new: false };
  }
  switch (command.kind) {
    case 'reserve':
      return decideReserve(book, command);
    case 'settle':
      return decideSettle(book, command);
    case 'move':
      return decideMove(book, command, policy);
    default:
      return unreachable(command);
  }
}

function decideReserve(book: Book, { event, identity }: Command<'reserve'>): Decision {
  if (!book.channels.has(event.channel_id)) return rejected('unknown_channel');
  const { answer, reservation, postings } = reserve(book, event);
  const outcome = { kind: 'reservation' as const, answer };
  return {
    outcome,
    is_new: true,
    ...postAll(book.stock, postings),
    ...(reservation !== undefined && { reservation }),
    kept_answer: { ...identity, outcome },
    ...(answer.kind === 'refused' && { refusal: refusalOf(event, identity, answer.lines) }),
  };
}

function refusalOf(
  { channel_id, holder, lines, event_ms }: ReserveRequested,
  { idempotency_key }: RequestIdentity,
  refused: readonly RefusedLine[],
): Refusal {
  return { idempotency_key, channel_id, holder, lines, refused, event_ms };
}

function decideSettle(book: Book, command: Command<'settle'>): Decision {
  const reservation = book.reservations.get(command.reservation_id);
  if (reservation === undefined) return rejected('unknown_reservation');
  const { reservation_id } = reservation;
  const next = transition(reservation, command.settlement, command.clock_ms);
  if (next.kind === 'stays') {
    return unchanged({ kind: 'status', answer: { reservation_id, status: reservation.status } });
  }
  if (next.kind === 'refused' && !next.ends_hold) return rejected(next.reason);
  const status = next.kind === 'refused' ? 'expired' : next.status;
  return {
    outcome:
      next.kind === 'refused'
        ? { kind: 'rejected', reason: next.reason }
        : { kind: 'status', answer: { reservation_id, status } },
    is_new: true,
    ...postAll(book.stock, endHold(reservation, status, command)),
    reservation: { ...reservation, status },
  };
}

function decideMove(book: Book, { event, identity }: Command<'move'>, policy: StockPolicy): Decision {
  const decision = move(book.stock.get(event.sku), event, policy);
  if (decision.kind === 'refused') return rejected(decision.reason);
  if (!book.locations.has(event.location_id)) return rejected('unknown_location');
  if (event.channel_id !== null && !book.channels.has(event.channel_id)) return rejected('unknown_channel');
  const { stock, entries } = postAll(book.stock, [decision.posting]);
  const [posted] = entries;
  if (posted === undefined) return rejected('unknown_sku');
  const outcome = {
    kind: 'movement' as const,
    answer: {
      sku: event.sku,
      location_id: event.location_id,
      on_hand: posted.on_hand_after,
      reserved: posted.reserved_after,
      entry: posted.entry,
    },
  };
  return { outcome, is_new: true, stock, entries, kept_answer: { ...identity, outcome } };
}

function postAll(stock: Stock, postings: readonly Posting[]): Pick<Decision, 'stock' | 'entries'> {
  const changed = new Map<Sku, SkuStock>();
  const entries: LedgerEntry[] = [];
  for (const posting of postings) {
    const before = changed.get(posting.sku) ?? stock.get(posting.sku);
    if (before === undefined) continue;
    const posted = post(before, posting);
    changed.set(posting.sku, posted.stock);
    entries.push(posted.entry);
  }
  return { stock: changed, entries };
}

const unchanged = (outcome: Outcome): Decision => ({ outcome, is_new: true, stock: new Map(), entries: [] });
const rejected = (reason: Rejection): Decision => unchanged({ kind: 'rejected', reason });
