import { Random } from './random';
import { CHANNEL_NAMES, CITIES, FIRST_NAMES, HOT_CHANNELS, HOT_URLS, LAST_NAMES, POOL, STATES, URLS } from './tables';

export interface Person {
  readonly type: 'person';
  readonly id: number;
  readonly name: string;
  readonly emailAddress: string;
  readonly creditCard: string;
  readonly city: string;
  readonly state: string;
  readonly dateTime: number;
  readonly extra: string;
}

export interface Auction {
  readonly type: 'auction';
  readonly id: number;
  readonly itemName: string;
  readonly description: string;
  readonly initialBid: number;
  readonly reserve: number;
  readonly dateTime: number;
  readonly expires: number;
  readonly seller: number;
  readonly category: number;
  readonly extra: string;
}

export interface Bid {
  readonly type: 'bid';
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly channel: string;
  readonly url: string;
  readonly dateTime: number;
  readonly extra: string;
}

export type NexmarkEvent = Person | Auction | Bid;

export interface GeneratorOptions {
  /** Events in a second of event time. */
  readonly rate_per_s?: number;
  /** Events come in groups of so many, shuffled inside. */
  readonly group?: number;
}

const BASE_MS = 1_436_918_400_000;
/** Events between now and when an average auction ends. */
const HORIZON_EVENTS = 1_666;
const POWERS = [1, 10, 100, 1_000, 10_000, 100_000].map((power) => power * 100);

/** The stream of Nexmark, bit for bit as docs/nexmark.md defines it: each event follows from its number alone. */
export class NexmarkGenerator {
  readonly #random = new Random(0);
  readonly #rate_per_s: number;
  readonly #group: number;

  constructor({ rate_per_s = 10_000, group = 1 }: GeneratorOptions = {}) {
    this.#rate_per_s = rate_per_s;
    this.#group = group;
  }

  /** The event with a sequence number from 0. */
  at(sequence: number): NexmarkEvent {
    const group = this.#group;
    const id = group === 1 ? sequence : Math.floor(sequence / group) * group + ((sequence * 953) % group);
    const epoch = Math.floor(id / 50);
    const rem = id - epoch * 50;
    this.#random.seed(id);
    if (rem > 3) return this.#bid(id, epoch);
    return rem === 0 ? this.#person(id, epoch) : this.#auction(id, epoch);
  }

  #time(id: number): number {
    return BASE_MS + Math.floor((id * 1_000) / this.#rate_per_s);
  }

  #person(id: number, epoch: number): Person {
    const random = this.#random;
    const name = `${FIRST_NAMES[random.below(11)]} ${LAST_NAMES[random.below(9)]}`;
    const emailAddress = `${this.#text(7)}@${this.#text(5)}.com`;
    const creditCard = [0, 0, 0, 0].map(() => String(random.below(10_000)).padStart(4, '0')).join(' ');
    const city = CITIES[random.below(10)] as string;
    const state = STATES[random.below(6)] as string;
    const extra = this.#extra(8 + name.length + emailAddress.length + 19 + city.length + 2, 200);
    return {
      type: 'person',
      id: 1_000 + epoch,
      name,
      emailAddress,
      creditCard,
      city,
      state,
      dateTime: this.#time(id),
      extra,
    };
  }

  #auction(id: number, epoch: number): Auction {
    const random = this.#random;
    const itemName = this.#text(20);
    const description = this.#text(100);
    const initialBid = this.#price();
    const reserve = initialBid + this.#price();
    const dateTime = this.#time(id);
    const horizon_ms = this.#time(id + HORIZON_EVENTS) - dateTime;
    const expires = dateTime + 1 + random.below(Math.max(2 * horizon_ms, 1));
    const seller = 1_000 + (random.below(4) > 0 ? Math.floor(epoch / 100) * 100 : this.#nextPerson(epoch));
    const category = 10 + random.below(5);
    const extra = this.#extra(8 + itemName.length + description.length + 40, 500);
    const number = 1_000 + epoch * 3 + (id - epoch * 50) - 1;
    const what = { itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra };
    return { type: 'auction', id: number, ...what };
  }

  #bid(id: number, epoch: number): Bid {
    const random = this.#random;
    const last = epoch * 3 + 2;
    const first = last > 100 ? last - 100 : 0;
    const auction =
      1_000 + (random.below(2) > 0 ? Math.floor(last / 100) * 100 : first + random.below(last - first + 11));
    const bidder = 1_000 + (random.below(4) > 0 ? Math.floor(epoch / 100) * 100 + 1 : this.#nextPerson(epoch));
    const price = this.#price();
    const hot = random.below(2) > 0;
    const i = random.below(hot ? 4 : 10_000);
    const channel = (hot ? HOT_CHANNELS[i] : CHANNEL_NAMES[i]) as string;
    const url = (hot ? HOT_URLS[i] : URLS[i]) as string;
    return { type: 'bid', auction, bidder, price, channel, url, dateTime: this.#time(id), extra: this.#extra(32, 100) };
  }

  #nextPerson(epoch: number): number {
    const people = epoch + 1;
    const active = people < 1_000 ? people : 1_000;
    return people - active + this.#random.below(active + 10);
  }

  /** Linear within each decade. */
  #price(): number {
    const base = POWERS[this.#random.below(6)] as number;
    const share = this.#random.word() >>> 8;
    return base + Math.floor((share * 9 * base) / 2 ** 24);
  }

  #text(longest: number): string {
    return this.#slice(3 + this.#random.below(longest - 3));
  }

  #extra(current: number, average: number): string {
    if (current > average) return '';
    const missing = average - current;
    const spread = Math.floor((missing + 2) / 5);
    return this.#slice(missing - spread + (spread === 0 ? 0 : this.#random.below(2 * spread)));
  }

  #slice(length: number): string {
    const offset = this.#random.below(POOL.length - length);
    return POOL.slice(offset, offset + length);
  }
}
