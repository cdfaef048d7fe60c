import type { Auction, Bid, NexmarkEvent, Person } from './events';
import type { QueryName, Row } from './queries';

const TEN_SECONDS_MS = 10_000;
const TWO_SECONDS_MS = 2_000;

/** An event and what was known of time ahead of it. */
type Timed<E> = E & { readonly watermark_ms: number; readonly place: number };

interface Input {
  readonly bids: readonly Timed<Bid>[];
  readonly auctions: readonly Timed<Auction>[];
  readonly persons: readonly Timed<Person>[];
  /** The watermark ahead of each event, by place. */
  readonly watermarks: readonly number[];
}

/** Splits events and works out the watermark ahead of each. */
function inputOf(events: readonly NexmarkEvent[], out_of_orderness_ms: number): Input {
  let newest_ms = Number.NEGATIVE_INFINITY;
  const timed = events.map((event, place) => {
    const watermark_ms = newest_ms - out_of_orderness_ms;
    newest_ms = Math.max(newest_ms, event.dateTime);
    return { ...event, watermark_ms, place };
  });
  return {
    bids: timed.filter((event): event is Timed<Bid> => event.type === 'bid'),
    auctions: timed.filter((event): event is Timed<Auction> => event.type === 'auction'),
    persons: timed.filter((event): event is Timed<Person> => event.type === 'person'),
    watermarks: [...timed.map(({ watermark_ms }) => watermark_ms), newest_ms - out_of_orderness_ms],
  };
}

const startOf = (time_ms: number): number => time_ms - (time_ms % TEN_SECONDS_MS);

/** In its window of ten seconds before that was closed. */
const inTime = ({ dateTime, watermark_ms }: { dateTime: number; watermark_ms: number }): boolean =>
  startOf(dateTime) + TEN_SECONDS_MS > watermark_ms;

function groupBy<T, K>(all: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}

const bidRow = ({ auction, bidder, price, dateTime, extra }: Bid): Row => [auction, bidder, price, dateTime, extra];

function hotItems({ bids }: Input): Row[] {
  const ends = new Set(
    bids.flatMap(({ dateTime }) => {
      const first_ms = dateTime - (dateTime % TWO_SECONDS_MS) + TWO_SECONDS_MS;
      return [0, 1, 2, 3, 4].map((hop) => first_ms + hop * TWO_SECONDS_MS);
    }),
  );
  return [...ends].flatMap((end_ms) => {
    const counts = new Map<number, number>();
    for (const { auction, dateTime, watermark_ms } of bids) {
      const inside = dateTime < end_ms && dateTime >= end_ms - TEN_SECONDS_MS;
      if (inside && end_ms > watermark_ms) counts.set(auction, (counts.get(auction) ?? 0) + 1);
    }
    const most = Math.max(...counts.values());
    return [...counts].filter(([, num]) => num === most).map(([auction, num]): Row => [auction, num, end_ms]);
  });
}

function highestBids({ bids }: Input): Row[] {
  const windows = groupBy(bids.filter(inTime), ({ dateTime }) => startOf(dateTime));
  return [...windows.values()].flatMap((inside) => {
    const highest = Math.max(...inside.map(({ price }) => price));
    return inside.filter(({ price }) => price === highest).map(bidRow);
  });
}

function newUsers({ persons, auctions }: Input): Row[] {
  const sellers = new Set(auctions.filter(inTime).map(({ seller, dateTime }) => `${seller} ${startOf(dateTime)}`));
  return persons
    .filter((person) => inTime(person) && sellers.has(`${person.id} ${startOf(person.dateTime)}`))
    .map(({ id, name, dateTime }): Row => [id, name, startOf(dateTime)]);
}

function sessions({ bids }: Input): Row[] {
  return [...groupBy(bids, ({ bidder }) => bidder)].flatMap(([bidder, own]) => {
    let open: { first_ms: number; last_ms: number; count: number }[] = [];
    const closed: typeof open = [];
    for (const { dateTime, watermark_ms } of own) {
      const isOver = ({ last_ms }: { last_ms: number }) => last_ms + TEN_SECONDS_MS < watermark_ms;
      closed.push(...open.filter(isOver));
      open = open.filter((one) => !isOver(one));
      const near = open.filter(
        ({ first_ms, last_ms }) => dateTime >= first_ms - TEN_SECONDS_MS && dateTime <= last_ms + TEN_SECONDS_MS,
      );
      if (near.length === 0 && isOver({ last_ms: dateTime })) continue;
      open = open.filter((one) => !near.includes(one));
      open.push({
        first_ms: Math.min(dateTime, ...near.map(({ first_ms }) => first_ms)),
        last_ms: Math.max(dateTime, ...near.map(({ last_ms }) => last_ms)),
        count: near.reduce((sum, { count }) => sum + count, 1),
      });
    }
    return [...closed, ...open].map(({ first_ms, last_ms, count }): Row => [
      bidder,
      count,
      first_ms,
      last_ms + TEN_SECONDS_MS,
    ]);
  });
}

/** Auctions with the bid that won, in the order in which they close. */
function winners({ bids, auctions, watermarks }: Input): { readonly auction: Timed<Auction>; readonly bid: Bid }[] {
  const byAuction = groupBy(bids, ({ auction }) => auction);
  const closing = auctions.map((auction) => {
    const due = watermarks.findIndex((watermark_ms) => watermark_ms > auction.expires);
    return { auction, closes: Math.max(auction.place + 1, due === -1 ? Number.POSITIVE_INFINITY : due) };
  });
  closing.sort((a, b) => (a.closes === b.closes ? a.auction.expires - b.auction.expires : a.closes - b.closes));
  return closing.flatMap(({ auction }) => {
    const valid = (byAuction.get(auction.id) ?? []).filter((bid) => {
      if (bid.dateTime < auction.dateTime || bid.dateTime > auction.expires) return false;
      // Ahead of its auction it is kept until the watermark passes it, behind it while the auction is open.
      return bid.place < auction.place ? bid.dateTime >= auction.watermark_ms : bid.watermark_ms <= auction.expires;
    });
    const [best] = valid.toSorted((a, b) => b.price - a.price || a.dateTime - b.dateTime || a.place - b.place);
    return best === undefined ? [] : [{ auction, bid: best }];
  });
}

function averages(input: Input): Row[] {
  const totals = new Map<number, { sum: number; n: number }>();
  return winners(input).map(({ auction: { category }, bid }): Row => {
    const { sum, n } = totals.get(category) ?? { sum: 0, n: 0 };
    totals.set(category, { sum: sum + bid.price, n: n + 1 });
    return [category, Math.floor((sum + bid.price) / (n + 1))];
  });
}

function localItems({ persons, auctions }: Input): Row[] {
  return auctions
    .filter(({ category }) => category === 10)
    .flatMap(({ id, seller }) =>
      persons
        .filter((person) => person.id === seller && ['OR', 'ID', 'CA'].includes(person.state))
        .map(({ name, city, state }): Row => [name, city, state, id]),
    );
}

const references: Readonly<Record<QueryName, (input: Input) => Row[]>> = {
  q0: ({ bids }) => bids.map(bidRow),
  q1: ({ bids }) =>
    bids.map(({ auction, bidder, price, dateTime, extra }): Row => [auction, bidder, price * 908, dateTime, extra]),
  q2: ({ bids }) =>
    bids.filter(({ auction }) => auction % 123 === 0).map(({ auction, price }): Row => [auction, price]),
  q3: localItems,
  q4: averages,
  q5: hotItems,
  q7: highestBids,
  q8: newUsers,
  q9: (input) =>
    winners(input).map(({ auction: { id, seller, category, expires }, bid: { bidder, price, dateTime } }): Row => [
      id,
      seller,
      category,
      expires,
      bidder,
      price,
      dateTime,
    ]),
  q11: sessions,
};

/** What a query must give: slow, obvious, over arrays. All windows are closed at the end. */
export const referenceOf = (
  query: QueryName,
  events: readonly NexmarkEvent[],
  { out_of_orderness_ms = 0 }: { readonly out_of_orderness_ms?: number } = {},
): Row[] => references[query](inputOf(events, out_of_orderness_ms));
