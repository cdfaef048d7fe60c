import { splitTenantKey, tenantKey, type ChannelId, type Sku } from '@nerveline/contracts';
import type { RecordHeaders, StateWrite } from '@nerveline/kernel';
import type { StateReader } from '@nerveline/log';
import type { SkuView } from '../domain/sku-view';
import { decodeStored, encodeStored } from './stored-value';

/** What a channel was last told in `inventory.channel_stock`, and the headers that the record carried. */
export interface Told {
  readonly available: number;
  /** What it was told before; absent when that was nothing, or written by a version that didn't keep it. */
  readonly available_before?: number | undefined;
  readonly version: number;
  readonly event_ms: number;
  readonly headers: RecordHeaders;
}

export interface StoredView extends SkuView {
  readonly told: Readonly<Record<ChannelId, Told>>;
}

export interface StoredChannel {
  readonly endpoint_url: string | null;
}

/** The newest version of a SKU that a channel has taken over. */
export interface StoredAck {
  readonly version: number;
}

interface Stores {
  readonly views: StoredView;
  readonly channels: StoredChannel;
  readonly acks: StoredAck;
}

/**
 * What channel views and deliveries keep beside the log: views by `tenant/sku`, channels by `tenant/channel`, acks by
 * `tenant/channel/sku`. A batch reads its own writes; they become durable with the commit that takes `writes`.
 */
export class ChannelState {
  readonly #written = new Map<string, { write: StateWrite; value: Stores[keyof Stores] | undefined }>();

  constructor(private readonly durable: StateReader) {}

  get<Store extends keyof Stores>(store: Store, key: string): Stores[Store] | undefined {
    const written = this.#written.get(`${store}\n${key}`);
    if (written !== undefined) return written.value as Stores[Store] | undefined;
    const bytes = this.durable.get(store, key);
    return bytes && decodeStored<Stores[Store]>(bytes);
  }

  put<Store extends keyof Stores>(store: Store, key: string, value: Stores[Store] | undefined): void {
    const write = { store, key, value: value === undefined ? null : encodeStored(value) };
    this.#written.set(`${store}\n${key}`, { write, value });
  }

  /** Keys with their values, those of this batch included. */
  scan<Store extends keyof Stores>(store: Store, prefix: string): (readonly [key: string, Stores[Store]])[] {
    const found: (readonly [key: string, Stores[Store]])[] = [];
    for (const [key, bytes] of this.durable.scan(store, prefix)) {
      if (!this.#written.has(`${store}\n${key}`)) found.push([key, decodeStored<Stores[Store]>(bytes)]);
    }
    for (const { write, value } of this.#written.values()) {
      if (write.store !== store || value === undefined || !write.key.startsWith(prefix)) continue;
      found.push([write.key, value as Stores[Store]]);
    }
    return found;
  }

  get writes(): readonly StateWrite[] {
    return [...this.#written.values()].map(({ write }) => write);
  }
}

export const viewKey = (tenant_id: string, sku: Sku): string => tenantKey(tenant_id, sku);
export const channelKey = (tenant_id: string, channel_id: ChannelId): string => tenantKey(tenant_id, channel_id);
export const ackKey = (tenant_id: string, channel_id: ChannelId, sku: Sku): string =>
  tenantKey(tenant_id, channel_id, sku);

/** The last part of a key of this state, which is what the key is about. */
export const lastPart = (key: string): string => splitTenantKey(key).at(-1) ?? '';
