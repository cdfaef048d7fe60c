import type { Processor } from '@nerveline/stream';
import type { Auction, Bid } from './events';

export interface WinningBid {
  readonly auction: Auction;
  readonly bid: Bid;
}

interface AuctionState {
  auction: Auction | null;
  best: Bid | null;
  /** Bids that came ahead of their auction, while it may still come. */
  early: Bid[];
}

/** Does it beat the best one so far: a higher price, or the same one earlier? */
const beats = (bid: Bid, best: Bid | null): boolean =>
  best === null || bid.price > best.price || (bid.price === best.price && bid.dateTime < best.dateTime);

function offer(state: AuctionState, auction: Auction, bid: Bid): void {
  const in_time = bid.dateTime >= auction.dateTime && bid.dateTime <= auction.expires;
  if (in_time && beats(bid, state.best)) state.best = bid;
}

/** The highest bid between an auction's begin and its end, given when nobody can bid any more. */
export const winningBids: Processor<number, Auction | Bid, AuctionState, WinningBid> = {
  onRecord(event, context) {
    const { state } = context;
    if (event.type === 'auction') {
      const own = state ?? { auction: null, best: null, early: [] };
      own.auction = event;
      for (const bid of own.early) offer(own, event, bid);
      own.early = [];
      context.keep(own);
      context.setTimer(event.expires + 1);
    } else if (state === undefined) {
      context.keep({ auction: null, best: null, early: [event] });
      context.setTimer(event.dateTime + 1);
    } else if (state.auction === null) {
      state.early.push(event);
      context.setTimer(event.dateTime + 1);
    } else {
      offer(state, state.auction, event);
    }
  },

  onTimer(context) {
    const { state, timestamp_ms } = context;
    if (state === undefined) return;
    const { auction, best } = state;
    if (auction === null) {
      state.early = state.early.filter(({ dateTime }) => dateTime >= timestamp_ms);
      if (state.early.length === 0) context.forget();
    } else if (timestamp_ms > auction.expires) {
      if (best !== null) context.emit({ auction, bid: best });
      context.forget();
    }
  },
};
