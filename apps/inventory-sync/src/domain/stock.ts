import { invariant } from '@nerveline/kernel';
import type { ChannelId, LocationId, ReservationId, Sku } from '@nerveline/contracts';

/** Units of one SKU at one location. Always `0 <= reserved <= on_hand`. */
export interface Level {
  readonly on_hand: number;
  readonly reserved: number;
}

/** One SKU: how far its ledger has got, and where its units lie. */
export interface SkuStock {
  readonly last_entry: number;
  readonly levels: ReadonlyMap<LocationId, Level>;
}

/** The stock of one tenant that a decision looks at. A SKU that is not in it does not exist. */
export type Stock = ReadonlyMap<Sku, SkuStock>;

export type EntryKind = 'receipt' | 'reserve' | 'commit' | 'release' | 'expire' | 'return' | 'adjustment';

/** What moves, before it has its place in the ledger. */
export interface Posting {
  readonly sku: Sku;
  readonly location_id: LocationId;
  readonly kind: EntryKind;
  readonly on_hand_delta: number;
  readonly reserved_delta: number;
  readonly reservation_id: ReservationId | null;
  readonly channel_id: ChannelId | null;
  readonly reason: string | null;
  readonly event_ms: number;
}

/** A row of the ledger: the entries of a SKU are numbered from 1 without a gap, and each says what it left behind. */
export interface LedgerEntry extends Posting {
  readonly entry: number;
  readonly on_hand_after: number;
  readonly reserved_after: number;
}

const NOTHING: Level = { on_hand: 0, reserved: 0 };

export const levelAt = (stock: SkuStock | undefined, location_id: LocationId): Level =>
  stock?.levels.get(location_id) ?? NOTHING;

/** What may still be promised to somebody. */
export const availableOf = ({ on_hand, reserved }: Level): number => on_hand - reserved;

/** Puts a posting at the end of its SKU's ledger, and gives the SKU as it is then. */
export function post(stock: SkuStock, posting: Posting): { readonly stock: SkuStock; readonly entry: LedgerEntry } {
  const before = levelAt(stock, posting.location_id);
  const after = {
    on_hand: before.on_hand + posting.on_hand_delta,
    reserved: before.reserved + posting.reserved_delta,
  };
  invariant(after.reserved >= 0 && after.reserved <= after.on_hand, 'no posting oversells');
  const entry = {
    ...posting,
    entry: stock.last_entry + 1,
    on_hand_after: after.on_hand,
    reserved_after: after.reserved,
  };
  const levels = new Map(stock.levels).set(posting.location_id, after);
  return { stock: { last_entry: entry.entry, levels }, entry };
}
