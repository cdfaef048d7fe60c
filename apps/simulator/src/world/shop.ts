import { Random } from './random';

/** Units of a product that come in together, by location. */
export type Units = readonly { readonly location_id: string; readonly quantity: number }[];

/** Free units by SKU and location, as a channel shows them. */
export type Offer = ReadonlyMap<string, ReadonlyMap<string, number>>;

export interface ShopProduct {
  readonly sku: string;
  readonly name: string;
  readonly price_minor: number;
  /** What is there before the first sale. */
  readonly opening: Units;
  /** A delivery is ordered when no more units than this are free, over all locations; 0: when it is sold out. */
  readonly reorder_at_units: number;
}

/** So many of the products that sell best are short: few at first, and ordered again when they are gone. */
const SHORT_PRODUCTS = 60;
const REORDER_AT_UNITS = 15;
/** Of those who see that something is sold out, so many ask for it all the same. */
const TRIES_ALL_THE_SAME = 0.25;

export const LOCATIONS = [
  { location_id: 'B1', name: 'Berlin warehouse' },
  { location_id: 'H2', name: 'Hamburg hub' },
  { location_id: 'S3', name: 'Store, Torstrasse' },
] as const;

export const CHANNELS = [
  { channel_id: 'web', name: 'Web shop' },
  { channel_id: 'market', name: 'Marketplace' },
  { channel_id: 'store', name: 'Store tills' },
] as const;

const THINGS = [
  'Trail shoe',
  'Rain jacket',
  'Lamp',
  'Desk chair',
  'Coffee grinder',
  'Backpack',
  'Headphones',
  'Kettle',
  'Blanket',
  'Wall clock',
] as const;
const KINDS = ['black', 'brass', 'oak', 'sand', 'forest', 'small', 'large', 'linen', 'steel', 'clay'] as const;

export function createProducts(seed: number, count: number): readonly ShopProduct[] {
  const random = new Random(seed, 'products');
  return Array.from({ length: count }, (_, index) => ({
    sku: `${String.fromCharCode(65 + (index % 26))}-${String(index + 1).padStart(3, '0')}`,
    name: `${random.pick(THINGS)}, ${random.pick(KINDS)}`,
    price_minor: Math.round(Math.exp(random.normal(8.2, 0.7)) / 100) * 100 - 1 + 100,
    opening: LOCATIONS.map(({ location_id }) => ({
      location_id,
      quantity: index < SHORT_PRODUCTS ? 1 + random.below(4) : 5 + random.below(60),
    })),
    reorder_at_units: index < SHORT_PRODUCTS ? 0 : REORDER_AT_UNITS,
  }));
}

/** What a shopper does with a hold. */
export type Ending = 'commit' | 'release' | 'abandon';

export interface Shopping {
  readonly channel_id: string;
  readonly lines: readonly { readonly sku: string; readonly location_id: string; readonly quantity: number }[];
  readonly ending: Ending;
  /** How long the shopper thinks before the ending. */
  readonly think_ms: number;
}

/** Decides who buys what next; deterministic by its seed. */
export class ShopperStream {
  readonly #random: Random;

  constructor(
    seed: number,
    private readonly products: readonly ShopProduct[],
  ) {
    this.#random = new Random(seed, 'shoppers');
  }

  /** Somebody who sees what is on offer; a moment later it may be gone. */
  next(offer: Offer): Shopping {
    const lines = new Map<string, Shopping['lines'][number]>();
    const count = 1 + this.#random.zipf(4);
    for (let i = 0; i < count || lines.size === 0; i++) {
      const product = this.products[this.#random.zipf(this.products.length)];
      const location_id = product && this.#place(product.sku, offer);
      if (product === undefined || location_id === undefined) continue;
      lines.set(`${product.sku}/${location_id}`, { sku: product.sku, location_id, quantity: 1 + this.#random.zipf(3) });
    }
    return {
      channel_id: this.#random.pick(CHANNELS).channel_id,
      lines: [...lines.values()],
      ending: this.#random.chance(0.8) ? 'commit' : this.#random.chance(0.5) ? 'release' : 'abandon',
      think_ms: this.#random.between(300, 4_000),
    };
  }

  /** Where to take it from; nowhere when it is shown as sold out, but for those who try all the same. */
  #place(sku: string, offer: Offer): string | undefined {
    const stocked = LOCATIONS.filter(({ location_id }) => (offer.get(sku)?.get(location_id) ?? 0) > 0);
    const [first, ...others] = stocked;
    if (first !== undefined) return this.#random.pick([first, ...others]).location_id;
    return this.#random.chance(TRIES_ALL_THE_SAME) ? this.#random.pick(LOCATIONS).location_id : undefined;
  }

  isReturn(): boolean {
    return this.#random.chance(0.04);
  }
}
