import {
  encodeJson,
  splitTenantKey,
  tenantKey,
  topics,
  type ChannelId,
  type ChannelStock,
  type Sku,
  type TenantId,
} from '@nerveline/contracts';
import type { OutRecord, RecordHeaders, StateWrite } from '@nerveline/kernel';
import type { StateReader } from '@nerveline/log';
import { sellable, unseen, withFact, type SkuView } from '../domain/sku-view';
import type { Arrived, ChannelChange, EntryChange, ProductChange } from './arrived';
import type { Due } from './channel-sender';
import { ChannelState, channelKey, lastPart, viewKey, type StoredView, type Told } from './channel-state';
import { passedHeaders } from './passed-headers';

/** What channel views are made of, in the order of the log. */
export interface LedgerBatch {
  readonly entries?: readonly Arrived<EntryChange>[];
  readonly products?: readonly Arrived<ProductChange>[];
  readonly channels?: readonly Arrived<ChannelChange>[];
}

/** What a batch of records brings about. */
export interface ViewedBatch {
  readonly appends: readonly OutRecord[];
  readonly state: readonly StateWrite[];
  /** What channels are now to be told. */
  readonly due: readonly Due[];
  /** Channels that appeared, moved or (null) went, by the key of their state. */
  readonly endpoints: ReadonlyMap<string, string | null>;
  /** Channels that went, by the same key, also those that came again: what one had taken over counts no more. */
  readonly gone: ReadonlySet<string>;
}

/**
 * Computes what each channel may sell, from the ledger as it arrives through the log, and appends it to
 * `inventory.channel_stock` where it changed. A batch is folded first, so that a burst on one SKU tells each channel
 * once. State, records and input position become durable in one commit.
 */
export function viewChannels(
  durable: StateReader,
  { entries = [], products = [], channels = [] }: LedgerBatch,
): ViewedBatch {
  const batch = new ViewBatch(new ChannelState(durable));
  for (const entry of entries) batch.takeEntry(entry);
  for (const product of products) batch.takeProduct(product);
  for (const channel of channels) batch.takeChannel(channel);
  return batch.result();
}

/** A SKU that a batch has touched, with the headers of the last record that did. */
interface Touched {
  readonly tenant_id: string;
  readonly sku: Sku;
  readonly headers: RecordHeaders;
}

class ViewBatch {
  readonly #touched = new Map<string, Touched>();
  readonly #appends: OutRecord[] = [];
  readonly #due: Due[] = [];
  readonly #endpoints = new Map<string, string | null>();
  readonly #gone = new Set<string>();

  constructor(private readonly state: ChannelState) {}

  takeEntry({ value, headers }: Arrived<EntryChange>): void {
    const after = value?.after;
    if (after === undefined || after === null) return;
    const { tenant_id, sku } = after;
    const before = this.state.get('views', viewKey(tenant_id, sku)) ?? { ...unseen(after.event_ms), told: {} };
    const view = withFact(before, after);
    if (view === before) return;
    this.#keep({ tenant_id, sku, headers: passedHeaders(headers) }, { ...view, told: before.told });
  }

  /**
   * A product without a ledger is sold out everywhere, which channels have to be told as well. A tombstone takes a row by
   * itself: compaction takes the delete ahead of it away.
   */
  takeProduct({ key, value, headers }: Arrived<ProductChange>): void {
    // Without a key it is a TRUNCATE, which the foreign key of the levels forbids.
    if (key === null) return;
    const [tenant_id = '', sku = ''] = splitTenantKey(key);
    const product = { tenant_id, sku: sku as Sku, headers: passedHeaders(headers) };
    const known = this.state.get('views', viewKey(product.tenant_id, product.sku));
    if (value === null || value.after === null) {
      if (known !== undefined) this.#forget(product, known);
    } else if (known === undefined) {
      this.#keep(product, { ...unseen(value.ts_ms), told: {} });
    }
  }

  takeChannel({ key, value, headers }: Arrived<ChannelChange>): void {
    const passed = passedHeaders(headers);
    // Without a key it is a TRUNCATE of the table, which has one partition: no channel is left.
    const all = key === null ? this.state.scan('channels', '').map(([known]) => known) : [key];
    for (const one of all) {
      const [tenant_id = '', channel_id = ''] = splitTenantKey(one);
      const channel = { tenant_id, channel_id: channel_id as ChannelId, headers: passed };
      this.#takeChannel(channel, key === null ? null : (value?.after ?? null));
    }
  }

  result(): ViewedBatch {
    const channels = new Map<string, readonly ChannelId[]>();
    for (const touched of this.#touched.values()) {
      const { tenant_id } = touched;
      const channel_ids = channels.get(tenant_id) ?? this.#channelsOf(tenant_id);
      channels.set(tenant_id, channel_ids);
      for (const channel_id of channel_ids) this.#tell(touched, channel_id);
    }
    const state = this.state.writes;
    return { appends: this.#appends, state, due: this.#due, endpoints: this.#endpoints, gone: this.#gone };
  }

  #takeChannel(
    channel: { tenant_id: string; channel_id: ChannelId; headers: RecordHeaders },
    after: ChannelChange['after'],
  ): void {
    const { tenant_id, channel_id, headers } = channel;
    const key = channelKey(tenant_id, channel_id);
    const is_known = this.state.get('channels', key) !== undefined;
    this.state.put('channels', key, after === null ? undefined : { endpoint_url: after.endpoint_url });
    this.#endpoints.set(key, after?.endpoint_url ?? null);
    if (is_known === (after !== null)) return;
    if (after === null) {
      this.#gone.add(key);
      for (const [ack_key] of this.state.scan('acks', tenantKey(tenant_id, channel_id, ''))) {
        this.state.put('acks', ack_key, undefined);
      }
    }
    for (const [view_key, view] of this.state.scan('views', tenantKey(tenant_id, ''))) {
      const touched = { tenant_id, sku: skuOf(view_key), headers };
      if (after !== null) this.#keep(touched, view);
      else this.#untell(touched, view, [channel_id]);
    }
  }

  #keep(touched: Touched, view: StoredView): void {
    const key = viewKey(touched.tenant_id, touched.sku);
    this.state.put('views', key, view);
    this.#touched.set(key, touched);
  }

  #forget(touched: Touched, view: StoredView): void {
    const key = viewKey(touched.tenant_id, touched.sku);
    this.#untell(touched, view, Object.keys(view.told) as ChannelId[]);
    this.state.put('views', key, undefined);
    this.#touched.delete(key);
  }

  #channelsOf(tenant_id: string): ChannelId[] {
    return [...this.state.scan('channels', tenantKey(tenant_id, ''))].map(([key]) => lastPart(key) as ChannelId);
  }

  #tell(touched: Touched, channel_id: ChannelId): void {
    const { tenant_id, sku, headers } = touched;
    const key = viewKey(tenant_id, sku);
    const view = this.state.get('views', key);
    if (view === undefined) return;
    const available = sellable(view);
    const available_before = view.told[channel_id]?.available;
    if (available_before === available) return;
    const told: Told = { available, available_before, version: view.entry, event_ms: view.event_ms, headers };
    this.#due.push({ tenant_id, channel_id, sku, ...told });
    this.state.put('views', key, { ...view, told: { ...view.told, [channel_id]: told } });
    this.#appends.push({
      topic: topics.channelStock.name,
      key: tenantKey(tenant_id, sku, channel_id),
      value: encodeJson(topics.channelStock, toChannelStock({ ...touched, channel_id }, view)),
      headers,
      timestamp_ms: view.event_ms,
    });
  }

  #untell({ tenant_id, sku, headers }: Touched, view: StoredView, channel_ids: readonly ChannelId[]): void {
    const told = { ...view.told };
    for (const channel_id of channel_ids) {
      delete told[channel_id];
      const key = tenantKey(tenant_id, sku, channel_id);
      const { event_ms: timestamp_ms } = view;
      this.#appends.push({ topic: topics.channelStock.name, key, value: null, headers, timestamp_ms });
    }
    this.state.put('views', viewKey(tenant_id, sku), { ...view, told });
  }
}

function toChannelStock(
  { tenant_id, sku, channel_id }: { tenant_id: string; sku: Sku; channel_id: ChannelId },
  view: SkuView,
): ChannelStock {
  const available = sellable(view);
  return {
    tenant_id: tenant_id as TenantId,
    sku,
    channel_id,
    available,
    sold_out: available === 0,
    version: view.entry,
    by_location: Object.entries(view.locations).map(([location_id, { on_hand, reserved }]) => ({
      location_id: location_id as ChannelStock['by_location'][number]['location_id'],
      on_hand,
      reserved,
    })),
    event_ms: view.event_ms,
  };
}

const skuOf = (view_key: string): Sku => (splitTenantKey(view_key)[1] ?? '') as Sku;
