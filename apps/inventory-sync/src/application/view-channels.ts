import {
  decodeJson,
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
import type { LogRecord, StateReader } from '@nerveline/log';
import { sellable, unseen, withFact, type SkuView } from '../domain/sku-view';
import type { Due } from './channel-sender';
import { ChannelState, channelKey, lastPart, viewKey, type StoredView, type Told } from './channel-state';
import { passedHeaders } from './passed-headers';

const text = new TextDecoder();

/** The topics that channel views are made of. */
export const viewTopics: readonly string[] = [topics.stockLedger.name, topics.products.name, topics.channels.name];

/** What a batch of records brings about. */
export interface ViewedBatch {
  readonly appends: readonly OutRecord[];
  readonly state: readonly StateWrite[];
  /** What channels are now to be told. */
  readonly due: readonly Due[];
  /** Channels that appeared, moved or (null) went, by the key of their state. */
  readonly endpoints: ReadonlyMap<string, string | null>;
}

/**
 * Computes what each channel may sell, from the ledger as it arrives through the log, and appends it to
 * `inventory.channel_stock` where it changed. A batch is folded first, so that a burst on one SKU tells each channel
 * once. State, records and input position become durable in one commit.
 */
export function viewChannels(durable: StateReader, records: readonly LogRecord[]): ViewedBatch {
  const batch = new ViewBatch(new ChannelState(durable));
  for (const record of records) batch.take(record);
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

  constructor(private readonly state: ChannelState) {}

  take(record: LogRecord): void {
    // A tombstone repeats the delete ahead of it, and a change without a key is a TRUNCATE, which foreign keys forbid.
    if (record.value === null || record.key === null) return;
    const headers = passedHeaders(record.headers);
    const [tenant_id = '', id = ''] = splitTenantKey(text.decode(record.key));
    switch (record.topic) {
      case topics.stockLedger.name:
        return this.#takeEntry(record.value, headers);
      case topics.products.name:
        return this.#takeProduct({ tenant_id, sku: id as Sku, headers }, record.value);
      case topics.channels.name:
        return this.#takeChannel({ tenant_id, channel_id: id as ChannelId, headers }, record.value);
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
    return { appends: this.#appends, state: this.state.writes, due: this.#due, endpoints: this.#endpoints };
  }

  #takeEntry(value: Uint8Array, headers: RecordHeaders): void {
    const { after } = decodeJson(topics.stockLedger, value);
    if (after === null) return;
    const { tenant_id, sku } = after;
    const key = viewKey(tenant_id, sku);
    const before = this.state.get('views', key) ?? { ...unseen(after.event_ms), told: {} };
    const view = withFact(before, after);
    if (view !== before) this.#keep({ tenant_id, sku, headers }, { ...view, told: before.told });
  }

  /** A product without a ledger is sold out everywhere, which channels have to be told as well. */
  #takeProduct(product: Touched, value: Uint8Array): void {
    const { after, ts_ms } = decodeJson(topics.products, value);
    const known = this.state.get('views', viewKey(product.tenant_id, product.sku));
    if (after === null) {
      if (known !== undefined) this.#forget(product, known);
    } else if (known === undefined) {
      this.#keep(product, { ...unseen(ts_ms), told: {} });
    }
  }

  #takeChannel(channel: { tenant_id: string; channel_id: ChannelId; headers: RecordHeaders }, value: Uint8Array): void {
    const { after } = decodeJson(topics.channels, value);
    const { tenant_id, channel_id, headers } = channel;
    const key = channelKey(tenant_id, channel_id);
    const is_known = this.state.get('channels', key) !== undefined;
    this.state.put('channels', key, after === null ? undefined : { endpoint_url: after.endpoint_url });
    this.#endpoints.set(key, after?.endpoint_url ?? null);
    if (is_known === (after !== null)) return;
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
    if (view.told[channel_id]?.available === available) return;
    const told: Told = { available, version: view.entry, event_ms: view.event_ms, headers };
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
