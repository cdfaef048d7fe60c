import { Random } from './random';
import { LOCATIONS, type Offer, type ShopProduct, type Units } from './shop';

/** How long a delivery takes, as long as a page is watched rather than as long as a lorry drives. */
const LEAD_FROM_MS = 30_000;
const LEAD_TO_MS = 150_000;
/** Units for each location: the same for all, and more of what sells best. */
const UNITS_LEAST = 3;
const UNITS_SPREAD = 6;
const BESTSELLER_UNITS = 40;

/** What was ordered, and when it arrives. */
export interface Delivery {
  readonly sku: string;
  readonly lead_ms: number;
  readonly units: Units;
}

/**
 * The buyer of the shop: orders what has run short, once, and again when that delivery has come and gone. Supply answers
 * to what was sold, so that the shop is neither full nor empty after a day. Deterministic by its seed.
 */
export class Purchasing {
  readonly #random: Random;
  readonly #on_order = new Set<string>();

  constructor(
    seed: number,
    private readonly products: readonly ShopProduct[],
  ) {
    this.#random = new Random(seed, 'purchasing');
  }

  /** Looks at what is free over all locations, and orders what is short. A SKU that isn't in it is not looked at. */
  order(offer: Offer): Delivery[] {
    const deliveries: Delivery[] = [];
    this.products.forEach(({ sku, reorder_at_units }, rank) => {
      const levels = offer.get(sku);
      if (levels === undefined || sum(levels.values()) > reorder_at_units || this.#on_order.has(sku)) return;
      this.#on_order.add(sku);
      deliveries.push({ sku, lead_ms: this.#random.between(LEAD_FROM_MS, LEAD_TO_MS), units: this.#unitsOf(rank) });
    });
    return deliveries;
  }

  /** It is on the shelves: what runs short from now on is ordered again. */
  arrived({ sku }: Delivery): void {
    this.#on_order.delete(sku);
  }

  #unitsOf(rank: number): Units {
    const for_sales = Math.round(BESTSELLER_UNITS / (rank + 1));
    return LOCATIONS.map(({ location_id }) => ({
      location_id,
      quantity: UNITS_LEAST + this.#random.below(UNITS_SPREAD) + for_sales,
    }));
  }
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
