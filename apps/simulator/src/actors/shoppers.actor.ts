import { setTimeout as nodeWait } from 'node:timers/promises';
import { reservationAnswer, type ReservationAnswer } from '@nerveline/contracts';
import type { ServiceClient } from '../doors/service-client';
import type { SourceDatabase } from '../doors/source-database';
import { Purchasing, type Delivery } from '../world/purchasing';
import { Random } from '../world/random';
import {
  CHANNELS,
  createProducts,
  LOCATIONS,
  ShopperStream,
  type Offer,
  type Shopping,
  type ShopProduct,
} from '../world/shop';
import { Counts, type Actor } from './actor';
import { Errands } from './errands';
import { readOffer } from './read-offer';
import { bringIn, stockUp } from './stock-up';
import type { Till } from './till';

const PRODUCTS = 500;
const HOLD_TTL_MS = 45_000;
/** How often pages and buyer look at what is left. */
const LOOK_EVERY_MS = 5_000;

/** Passes time; rejects when the signal aborts. */
export type Wait = (for_ms: number, signal: AbortSignal) => Promise<unknown>;

const realWait: Wait = (for_ms, signal) => nodeWait(for_ms, undefined, { signal, ref: false });

export interface ShopOptions {
  readonly seed: number;
  readonly run: string;
  readonly orders_per_s: number;
  /** Where this simulator's channels take their stock. */
  readonly channelsAddress: () => Promise<string>;
  /** Where buyers pay first; without one they needn't. */
  readonly till?: Pick<Till, 'pay'>;
  /** Real time, unless a test lets hours pass in seconds. */
  readonly wait?: Wait;
}

/** People who fill carts, hold, pay, buy, change their minds and send things back, over three channels; and the shop's buyer. */
export class ShoppersActor implements Actor {
  readonly name = 'shoppers';
  readonly #counts = new Counts();
  readonly #products: readonly ShopProduct[];
  readonly #prices: ReadonlyMap<string, number>;
  readonly #wait: Wait;
  #offer: Offer = new Map();
  #number = 0;

  constructor(
    private readonly options: ShopOptions,
    private readonly inventory: Pick<ServiceClient, 'post'>,
    private readonly database: Pick<SourceDatabase, 'upsert' | 'run' | 'tenant_id'>,
  ) {
    this.#wait = options.wait ?? realWait;
    this.#products = createProducts(options.seed, PRODUCTS);
    this.#prices = new Map(this.#products.map(({ sku, price_minor }) => [sku, price_minor]));
  }

  get counts(): Readonly<Record<string, number>> {
    return this.#counts.values;
  }

  async prepare(): Promise<void> {
    await openShop(this.database, await this.options.channelsAddress());
    await this.#stockUp();
    this.#offer = await this.#look();
  }

  async run(signal: AbortSignal): Promise<void> {
    const stream = new ShopperStream(this.options.seed, this.#products);
    await Promise.all([this.#sell(stream, signal), this.#restock(signal)]);
  }

  async #stockUp(): Promise<void> {
    await this.database.upsert(
      'inventory.products',
      ['sku'],
      this.#products.map(({ sku, name, price_minor }) => ({ sku, name, price_minor, currency: 'EUR' })),
    );
    const opening = this.#products.flatMap((product) => product.opening.map((each) => ({ sku: product.sku, ...each })));
    await stockUp(this.inventory, 'shop', opening);
  }

  async #sell(stream: ShopperStream, signal: AbortSignal): Promise<void> {
    const pace = new Random(this.options.seed, 'orders pace');
    const errands = new Errands(signal);
    while (!signal.aborted) {
      await this.#wait(pace.gap_ms(this.options.orders_per_s), signal).catch(() => undefined);
      if (!signal.aborted) await errands.start(() => this.#shop(stream, stream.next(this.#offer), signal));
    }
    await errands.drain();
  }

  /** What a stop leaves on its way is ordered anew by the next run, which sees that it is missing. */
  async #restock(signal: AbortSignal): Promise<void> {
    const purchasing = new Purchasing(this.options.seed, this.#products);
    const errands = new Errands(signal);
    while (!signal.aborted) {
      this.#offer = await this.#look();
      for (const delivery of purchasing.order(this.#offer)) {
        await errands.start(() => this.#deliver(purchasing, delivery, signal));
      }
      await this.#wait(LOOK_EVERY_MS, signal).catch(() => undefined);
    }
    await errands.drain();
  }

  /** What is on offer; what was, while the database is away. */
  async #look(): Promise<Offer> {
    try {
      return await readOffer(this.database);
    } catch {
      this.#counts.add('looked_in_vain');
      return this.#offer;
    }
  }

  async #deliver(purchasing: Purchasing, delivery: Delivery, signal: AbortSignal): Promise<void> {
    const { sku, lead_ms, units } = delivery;
    await this.#wait(lead_ms, signal);
    const arriving = { key: this.#nextId('receipt'), reason: 'delivery' };
    await bringIn(
      this.inventory,
      arriving,
      units.map((each) => ({ sku, ...each })),
    );
    purchasing.arrived(delivery);
    this.#counts.add('received', units.length);
  }

  async #shop(stream: ShopperStream, shopping: Shopping, signal: AbortSignal): Promise<void> {
    const cart = this.#nextId('cart');
    for (const { sku, quantity } of shopping.lines) {
      await this.inventory.post('/v1/carts/events', {
        idempotency_key: `${cart}-${sku}`,
        kind: 'added',
        cart_id: cart,
        channel_id: shopping.channel_id,
        sku,
        quantity,
      });
    }
    const held = await this.#hold(cart, shopping);
    this.#counts.add(held.kind);
    if (held.kind === 'refused') return;
    await this.#wait(shopping.think_ms, signal);
    if (shopping.ending === 'abandon') return;
    if (shopping.ending === 'commit' && !(await this.#pay(cart, held.reservation_id, shopping))) return;
    await this.inventory.post(`/v1/reservations/${held.reservation_id}/${shopping.ending}`, {});
    if (shopping.ending === 'commit' && stream.isReturn()) await this.#sendBack(cart, shopping);
  }

  async #hold(cart: string, { channel_id, lines }: Shopping): Promise<ReservationAnswer> {
    const { body } = await this.inventory.post('/v1/reservations', {
      idempotency_key: cart,
      channel_id,
      holder: cart,
      lines,
      ttl_ms: HOLD_TTL_MS,
    });
    return reservationAnswer.parse(body);
  }

  /** Who can't pay leaves: what was held becomes free without a word from here. */
  async #pay(cart: string, reservation_id: string, { lines }: Shopping): Promise<boolean> {
    const { till } = this.options;
    if (till === undefined) return true;
    const prices = lines.map(({ sku, quantity }) => quantity * (this.#prices.get(sku) ?? 0));
    const amount_minor = prices.reduce((sum, price) => sum + price, 0);
    const verdict = await till.pay({ payment_id: `${cart}-payment`, reservation_id, amount_minor });
    this.#counts.add(`payment_${verdict}`);
    return verdict === 'allow' || verdict === 'review';
  }

  async #sendBack(cart: string, { channel_id, lines }: Shopping): Promise<void> {
    for (const { sku, location_id, quantity } of lines) {
      const idempotency_key = `${cart}-return-${sku}-${location_id}`;
      await this.inventory.post('/v1/stock/movements', {
        idempotency_key,
        kind: 'return',
        sku,
        location_id,
        quantity,
        reason: 'sent back',
        channel_id,
      });
      this.#counts.add('returned');
    }
  }

  #nextId(what: string): string {
    this.#number += 1;
    return `${what}-${this.options.run}-${this.#number}`;
  }
}

/** The shop's places and channels, as rows in the source database. */
export async function openShop(database: Pick<SourceDatabase, 'upsert'>, channels_address: string): Promise<void> {
  await database.upsert('inventory.locations', ['location_id'], LOCATIONS);
  await database.upsert(
    'inventory.channels',
    ['channel_id'],
    CHANNELS.map(({ channel_id, name }) => ({
      channel_id,
      name,
      endpoint_url: `${channels_address}/channels/${channel_id}/stock`,
    })),
    ['endpoint_url'],
  );
}
