import type { PushItem } from '@nerveline/contracts';
import type { RenderBatch } from '../client/render-batch';
import { Ring } from '../client/ring';
import { Store } from '../client/store';
import {
  removedKey,
  rowOf,
  valueOf,
  type ChannelRow,
  type LocationRow,
  type Refusal,
  type StockLedgerRow,
} from '../client/topic-values';
import { SoldOutMoments } from './sold-out-moments';

const KEPT_LEDGER = 4_000;
const KEPT_REFUSALS = 500;

export interface StockLevel {
  readonly location_id: string;
  readonly on_hand: number;
  readonly reserved: number;
  readonly version: number;
}

export interface ChannelLevel {
  readonly available: number;
  readonly sold_out: boolean;
  readonly version: number;
  readonly event_ms: number;
}

/** One SKU over all locations and channels. It changes in place; `on_hand` and the others are kept up with each change. */
export interface SkuRow {
  readonly sku: string;
  name: string;
  price: { readonly amount_minor: number; readonly currency: string } | null;
  on_hand: number;
  reserved: number;
  search_text: string;
  readonly levels: Map<string, StockLevel>;
  readonly channels: Map<string, ChannelLevel>;
}

export const freeOf = (row: SkuRow): number => row.on_hand - row.reserved;

/** A movement of stock with its place in the log. */
export interface LedgerEntry {
  readonly row: StockLedgerRow;
  readonly received_ms: number;
}

/** Levels, channels, movements and refusals. */
export class StockStore extends Store {
  readonly skus = new Map<string, SkuRow>();
  readonly locations = new Map<string, LocationRow>();
  readonly channels = new Map<string, ChannelRow>();
  readonly ledger = new Ring<LedgerEntry>(KEPT_LEDGER);
  readonly refusals = new Ring<Refusal>(KEPT_REFUSALS);
  readonly soldOut = new SoldOutMoments();

  constructor(
    batch: RenderBatch,
    private readonly local_ms: () => number = () => performance.now(),
  ) {
    super(batch);
  }

  /** Products, locations and channels. */
  readonly productSink = this.sinkOf(
    (item) => this.#takeProduct(item),
    () => this.#forgetNames(),
  );
  readonly levelSink = this.sinkOf(
    (item) => this.#takeLevel(item),
    () => this.#forgetLevels(),
  );
  readonly channelSink = this.sinkOf(
    (item) => this.#takeChannelStock(item),
    () => this.skus.forEach((row) => row.channels.clear()),
  );
  readonly soldOutSink = this.sinkOf(
    (item) => {
      const ack = valueOf(item, 'inventory.sold_out');
      if (ack !== null) this.soldOut.take(ack);
    },
    () => this.soldOut.clear(),
  );
  readonly ledgerSink = this.sinkOf(
    (item) => {
      const row = rowOf(item, 'cdc.inventory.stock_ledger');
      if (row !== null) this.ledger.push({ row, received_ms: this.local_ms() });
    },
    () => this.ledger.clear(),
  );
  readonly refusalSink = this.sinkOf(
    (item) => {
      const refusal = valueOf(item, 'inventory.refusals');
      if (refusal !== null) this.refusals.push(refusal);
    },
    () => this.refusals.clear(),
  );

  #takeProduct(item: PushItem): void {
    const location = rowOf(item, 'cdc.inventory.locations');
    if (location !== null) this.locations.set(location.location_id, location);
    const channel = rowOf(item, 'cdc.inventory.channels');
    if (channel !== null) this.channels.set(channel.channel_id, channel);
    const [removed] = removedKey(item, 'cdc.inventory.products') ?? [];
    if (removed !== undefined) this.skus.delete(removed);
    const product = rowOf(item, 'cdc.inventory.products');
    if (product === null) return;
    const row = this.#row(product.sku);
    row.name = product.name;
    row.price = { amount_minor: product.price_minor, currency: product.currency };
    row.search_text = `${product.sku} ${product.name}`.toLowerCase();
  }

  #takeLevel(item: PushItem): void {
    const level = rowOf(item, 'cdc.inventory.stock_levels');
    if (level === null) return;
    const row = this.#row(level.sku);
    const before = row.levels.get(level.location_id);
    if (before !== undefined && before.version > level.version) return;
    row.levels.set(level.location_id, level);
    row.on_hand += level.on_hand - (before?.on_hand ?? 0);
    row.reserved += level.reserved - (before?.reserved ?? 0);
  }

  #takeChannelStock(item: PushItem): void {
    const stock = valueOf(item, 'inventory.channel_stock');
    if (stock === null) return;
    const { channels } = this.#row(stock.sku);
    const before = channels.get(stock.channel_id);
    if (before === undefined || before.version <= stock.version) channels.set(stock.channel_id, stock);
  }

  #forgetNames(): void {
    this.locations.clear();
    this.channels.clear();
  }

  #forgetLevels(): void {
    for (const row of this.skus.values()) {
      row.levels.clear();
      row.on_hand = 0;
      row.reserved = 0;
    }
  }

  #row(sku: string): SkuRow {
    const known = this.skus.get(sku);
    if (known !== undefined) return known;
    const row: SkuRow = {
      sku,
      name: '',
      price: null,
      on_hand: 0,
      reserved: 0,
      search_text: sku.toLowerCase(),
      levels: new Map(),
      channels: new Map(),
    };
    this.skus.set(sku, row);
    return row;
  }
}
