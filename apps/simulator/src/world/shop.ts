import { Random } from './random';

export interface ShopProduct {
  readonly sku: string;
  readonly name: string;
  readonly price_minor: number;
  /** Units that come in at first, by location. */
  readonly opening: readonly { readonly location_id: string; readonly quantity: number }[];
}

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
    opening: LOCATIONS.map(({ location_id }) => ({ location_id, quantity: 5 + random.below(60) })),
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

  next(): Shopping {
    const lines = new Map<string, Shopping['lines'][number]>();
    const count = 1 + this.#random.zipf(4);
    for (let i = 0; i < count; i++) {
      const product = this.products[this.#random.zipf(this.products.length)];
      if (product === undefined) continue;
      const { location_id } = this.#random.pick(LOCATIONS);
      lines.set(`${product.sku}/${location_id}`, { sku: product.sku, location_id, quantity: 1 + this.#random.zipf(3) });
    }
    return {
      channel_id: this.#random.pick(CHANNELS).channel_id,
      lines: [...lines.values()],
      ending: this.#random.chance(0.85) ? 'commit' : this.#random.chance(0.6) ? 'release' : 'abandon',
      think_ms: this.#random.between(300, 4_000),
    };
  }

  /** A delivery for what sells: some SKU, some location, some units. */
  nextReceipt(): { readonly sku: string; readonly location_id: string; readonly quantity: number } | undefined {
    const product = this.products[this.#random.zipf(this.products.length)];
    if (product === undefined) return undefined;
    return {
      sku: product.sku,
      location_id: this.#random.pick(LOCATIONS).location_id,
      quantity: 10 + this.#random.below(40),
    };
  }

  isReturn(): boolean {
    return this.#random.chance(0.04);
  }
}
