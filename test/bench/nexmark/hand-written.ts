import type { Bid, NexmarkEvent } from './events';
import type { QueryName, Row } from './queries';

interface Loop {
  take(batch: readonly NexmarkEvent[]): void;
  finish(): void;
}

type MakeLoop = (onRow: (row: Row) => void) => Loop;

const TEN_SECONDS_MS = 10_000;

const eachBid = (handle: (bid: Bid) => void, finish: () => void = () => undefined): Loop => ({
  take(batch) {
    for (const event of batch) if (event.type === 'bid') handle(event);
  },
  finish,
});

/**
 * What somebody would write for one query by hand, over input that is in order: no framework, no out-of-order records, no
 * state that survives. The difference to the topology of the same query is what the framework costs.
 */
export const handWritten: Partial<Record<QueryName, MakeLoop>> = {
  q0: (onRow) =>
    eachBid(({ auction, bidder, price, dateTime, extra }) => onRow([auction, bidder, price, dateTime, extra])),

  q2: (onRow) =>
    eachBid(({ auction, price }) => {
      if (auction % 123 === 0) onRow([auction, price]);
    }),

  q7: (onRow) => {
    let end_ms = 0;
    let best: Bid[] = [];
    const close = () => {
      for (const { auction, bidder, price, dateTime, extra } of best) onRow([auction, bidder, price, dateTime, extra]);
      best = [];
    };
    return eachBid((bid) => {
      if (bid.dateTime >= end_ms) {
        close();
        end_ms = bid.dateTime - (bid.dateTime % TEN_SECONDS_MS) + TEN_SECONDS_MS;
      }
      const highest = best[0]?.price ?? -1;
      if (bid.price > highest) best = [bid];
      else if (bid.price === highest) best.push(bid);
    }, close);
  },

  q11: (onRow) => {
    const open = new Map<number, { count: number; first_ms: number; last_ms: number }>();
    const close = (
      bidder: number,
      { count, first_ms, last_ms }: { count: number; first_ms: number; last_ms: number },
    ) => onRow([bidder, count, first_ms, last_ms + TEN_SECONDS_MS]);
    return eachBid(
      ({ bidder, dateTime }) => {
        const session = open.get(bidder);
        if (session !== undefined && dateTime <= session.last_ms + TEN_SECONDS_MS) {
          session.count += 1;
          session.last_ms = dateTime;
          return;
        }
        if (session !== undefined) close(bidder, session);
        open.set(bidder, { count: 1, first_ms: dateTime, last_ms: dateTime });
      },
      () => {
        for (const [bidder, session] of open) close(bidder, session);
      },
    );
  },
};
