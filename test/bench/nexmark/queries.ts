import { aggregates, Topology, window, type Stream, type TopicOf } from '@nerveline/stream';
import type { Auction, Bid, NexmarkEvent, Person } from './events';
import { winningBids, type WinningBid } from './winning-bids';

/** What a query gives, as the array that docs/nexmark.md fixes. */
export type Row = readonly (number | string)[];

export interface QueryOptions {
  /** How far out of order the input is. */
  readonly out_of_orderness_ms?: number;
}

type Events = Stream<string | null, NexmarkEvent>;

const TEN_SECONDS_MS = 10_000;
const TWO_SECONDS_MS = 2_000;

export const events: TopicOf<NexmarkEvent> = { name: 'nexmark', schema: { parse: (value) => value as NexmarkEvent } };
export const rows: TopicOf<Row> = { name: 'rows', schema: { parse: (value) => value as Row } };

const isBid = (event: NexmarkEvent): event is Bid => event.type === 'bid';
const isAuction = (event: NexmarkEvent): event is Auction => event.type === 'auction';
const isPerson = (event: NexmarkEvent): event is Person => event.type === 'person';
const IN_Q3 = new Set(['OR', 'ID', 'CA']);

/** Who registered, and whether they opened an auction in the same window. */
const newSellers = {
  create: () => ({ name: null as string | null, sells: false }),
  add: (acc: { name: string | null; sells: boolean }, event: Person | Auction) => {
    if (event.type === 'person') acc.name = event.name;
    else acc.sells = true;
  },
  merge: (into: { name: string | null; sells: boolean }, from: { name: string | null; sells: boolean }) => {
    into.name ??= from.name;
    into.sells ||= from.sells;
  },
  result: (acc: { name: string | null; sells: boolean }) => (acc.sells ? acc.name : null),
};

/** Auctions with the bid that won them, when their time is over. */
const closedAuctions = (stream: Events): Stream<number, WinningBid> =>
  stream
    .filter((event) => event.type !== 'person')
    .keyBy((event) => (event.type === 'bid' ? event.auction : event.id))
    .process(winningBids);

/** Each query as a topology from events to rows. */
export const queries = {
  q0: (stream) =>
    stream
      .filter(isBid)
      .map(({ auction, bidder, price, dateTime, extra }) => [auction, bidder, price, dateTime, extra]),

  q1: (stream) =>
    stream
      .filter(isBid)
      // Thousandths: 0.908 dollars for a euro, without a rounding.
      .map(({ auction, bidder, price, dateTime, extra }) => [auction, bidder, price * 908, dateTime, extra]),

  q2: (stream) =>
    stream
      .filter((event): event is Bid => isBid(event) && event.auction % 123 === 0)
      .map(({ auction, price }) => [auction, price]),

  q3: (stream) => {
    const persons = stream
      .filter((event): event is Person => isPerson(event) && IN_Q3.has(event.state))
      .keyBy(({ id }) => id);
    return stream
      .filter((event): event is Auction => isAuction(event) && event.category === 10)
      .keyBy(({ id }) => id)
      .toTable()
      .joinForeign(
        persons.toTable(),
        ({ seller }) => seller,
        ({ id }, { name, city, state }) => [name, city, state, id],
      )
      .upserts();
  },

  q4: (stream) =>
    closedAuctions(stream)
      .keyBy(({ auction }) => auction.category)
      .aggregate(aggregates.avg(({ bid }) => bid.price))
      .upserts()
      .map((average, { key }) => [key, Math.floor(average)]),

  q5: (stream) =>
    stream
      .filter(isBid)
      .keyBy(({ auction }) => auction)
      .window(window.hopping({ size_ms: TEN_SECONDS_MS, hop_ms: TWO_SECONDS_MS }))
      .count()
      .map(({ value, end_ms }, { key }) => ({ auction: key, num: value, end_ms }))
      .keyBy(({ end_ms }) => end_ms)
      .window(window.tumbling({ size_ms: TWO_SECONDS_MS }))
      .topN(1, ({ num }) => num, { ties: true })
      .flatMap(({ value }) => value.map(({ auction, num, end_ms }) => [auction, num, end_ms])),

  q7: (stream) =>
    stream
      .filter(isBid)
      .keyBy(() => 0)
      .window(window.tumbling({ size_ms: TEN_SECONDS_MS }))
      .topN(1, ({ price }) => price, { ties: true })
      .flatMap(({ value }) =>
        value.map(({ auction, bidder, price, dateTime, extra }) => [auction, bidder, price, dateTime, extra]),
      ),

  q8: (stream) =>
    stream
      .filter((event): event is Person | Auction => !isBid(event))
      .keyBy((event) => (event.type === 'person' ? event.id : event.seller))
      .window(window.tumbling({ size_ms: TEN_SECONDS_MS }))
      .aggregate(newSellers)
      .flatMap(({ value, start_ms }, { key }) => (value === null ? [] : [[key, value, start_ms]])),

  q9: (stream) =>
    closedAuctions(stream).map(({ auction, bid }) => [
      auction.id,
      auction.seller,
      auction.category,
      auction.expires,
      bid.bidder,
      bid.price,
      bid.dateTime,
    ]),

  q11: (stream) =>
    stream
      .filter(isBid)
      .keyBy(({ bidder }) => bidder)
      .window(window.session({ gap_ms: TEN_SECONDS_MS }))
      .count()
      .map(({ value, start_ms, end_ms }, { key }) => [key, value, start_ms, end_ms]),
} satisfies Record<string, (stream: Events) => Stream<unknown, Row>>;

export type QueryName = keyof typeof queries;

/** A query from the topic of events to that of rows. */
export function topologyOf(query: QueryName, { out_of_orderness_ms = 0 }: QueryOptions = {}): Topology {
  const topology = new Topology();
  const stream = topology.stream(events, { timestamp_ms: ({ dateTime }) => dateTime, out_of_orderness_ms });
  const result: Stream<unknown, Row> = queries[query](stream);
  result.to(rows);
  return topology;
}
