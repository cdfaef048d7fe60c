import { setTimeout as wait } from 'node:timers/promises';
import { reservationAnswer, type ReservationAnswer } from '@nerveline/contracts';
import type { ServiceClient } from '../doors/service-client';
import type { SourceDatabase } from '../doors/source-database';
import { Random } from '../world/random';
import { CHANNELS, createProducts, LOCATIONS, ShopperStream, type Shopping, type ShopProduct } from '../world/shop';
import { Counts, type Actor } from './actor';
import { Errands } from './errands';
import { stockUp } from './stock-up';

const PRODUCTS = 500;
const HOLD_TTL_MS = 60_000;
/** A lorry comes this often on average. */
const RECEIPTS_PER_S = 0.3;

export interface ShopOptions {
  readonly seed: number;
  readonly run: string;
  readonly orders_per_s: number;
  /** Where this simulator's channels take their stock. */
  readonly channelsAddress: () => Promise<string>;
}

/** People who fill carts, hold, buy, change their minds and send things back, over three channels. */
export class ShoppersActor implements Actor {
  readonly name = 'shoppers';
  readonly #counts = new Counts();
  readonly #products: readonly ShopProduct[];
  #number = 0;

  constructor(
    private readonly options: ShopOptions,
    private readonly inventory: ServiceClient,
    private readonly database: SourceDatabase,
  ) {
    this.#products = createProducts(options.seed, PRODUCTS);
  }

  get counts(): Readonly<Record<string, number>> {
    return this.#counts.values;
  }

  async prepare(): Promise<void> {
    await openShop(this.database, await this.options.channelsAddress());
    await this.#stockUp();
  }

  async run(signal: AbortSignal): Promise<void> {
    const stream = new ShopperStream(this.options.seed, this.#products);
    await Promise.all([
      this.#paced(this.options.orders_per_s, 'orders', signal, () => this.#shop(stream, stream.next(), signal)),
      this.#paced(RECEIPTS_PER_S, 'receipts', signal, () => this.#receive(stream)),
    ]);
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

  async #paced(rate_per_s: number, what: string, signal: AbortSignal, act: () => Promise<void>): Promise<void> {
    const pace = new Random(this.options.seed, `${what} pace`);
    const errands = new Errands(signal);
    while (!signal.aborted) {
      await wait(pace.gap_ms(rate_per_s), undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await errands.start(act);
    }
    await errands.drain();
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
    await wait(shopping.think_ms, undefined, { signal, ref: false });
    if (shopping.ending === 'abandon') return;
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

  async #receive(stream: ShopperStream): Promise<void> {
    const receipt = stream.nextReceipt();
    if (receipt === undefined) return;
    await this.inventory.post('/v1/stock/movements', {
      idempotency_key: this.#nextId('receipt'),
      kind: 'receipt',
      ...receipt,
      reason: 'delivery',
    });
    this.#counts.add('received');
  }

  #nextId(what: string): string {
    this.#number += 1;
    return `${what}-${this.options.run}-${this.#number}`;
  }
}

/** The shop's places and channels, as rows in the source database. */
export async function openShop(database: SourceDatabase, channels_address: string): Promise<void> {
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
