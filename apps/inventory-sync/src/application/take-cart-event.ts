import {
  encodeJson,
  recordHeaders,
  tenantKey,
  topics,
  type CartEventAnswer,
  type CartEventRequest,
} from '@nerveline/contracts';
import type { ChannelId, Sku, TenantId } from '@nerveline/contracts';
import { NervelineError, type Clock } from '@nerveline/kernel';
import type { Log } from '@nerveline/log';
import type { Rejection } from '../domain/command';
import { rejectionError } from './rejection';
import type { StockClocks } from './stock-clocks';
import type { RequestContext } from './reserve-stock';
import { decodeStored, encodeStored } from './stored-value';

/** What the source tables know. */
export interface Assortment {
  /** The first of the two that they don't. */
  unknownOf(tenant_id: string, of: { readonly sku: Sku; readonly channel_id: ChannelId }): Promise<Unknown | undefined>;
}

export type Unknown = Extract<Rejection, 'unknown_sku' | 'unknown_channel'>;

/** A cart event's key, kept so that a repeated one is taken once. */
interface StoredCartKey {
  readonly request_hash: string;
  readonly kept_since_ms: number;
}

const STORE = 'cart_keys';
const FORGET_AT_ONCE = 1_000;

/** `POST /v1/carts/events`: a cart add is an event, it holds nothing. Durable in the log when it is answered. */
export class TakeCartEvent {
  /** Keys that are being written, so that two requests at the same instant are one. */
  readonly #under_way = new Map<string, { request_hash: string; done: Promise<unknown> }>();

  constructor(
    private readonly assortment: Assortment,
    private readonly log: Log,
    private readonly times: { readonly clocks: StockClocks; readonly wall: Clock },
  ) {}

  /** @throws NervelineError `NL-INV-001`, `NL-INV-003`, `NL-INV-011`, `NL-INV-012`, `NL-API-007` */
  async take(request: CartEventRequest, context: RequestContext): Promise<CartEventAnswer> {
    const { tenant_id } = context.by;
    const event_ms = this.times.clocks.timeOf(tenant_id, request.event_ms);
    const key = tenantKey(tenant_id, request.idempotency_key);
    const known = this.#under_way.get(key) ?? this.#kept(key);
    if (known === undefined) {
      const done = this.#append({ ...request, event_ms }, key, context);
      this.#under_way.set(key, { request_hash: context.request_hash, done });
      await done.finally(() => this.#under_way.delete(key));
    } else if (known.request_hash === context.request_hash) {
      await known.done;
    } else {
      throw new NervelineError('NL-API-007', {
        field: 'idempotency_key',
        detail: 'this key was used with another body',
      });
    }
    return { cart_id: request.cart_id, kind: request.kind };
  }

  /** Forgets keys that are older, so that they don't grow for ever. Gives how many it forgot. */
  async forgetOlderThan(age_ms: number): Promise<number> {
    const before_ms = this.times.wall.now_ms() - age_ms;
    const old: string[] = [];
    for (const [key, value] of this.log.state.scan(STORE, '')) {
      if (decodeStored<StoredCartKey>(value).kept_since_ms < before_ms) old.push(key);
      if (old.length === FORGET_AT_ONCE) break;
    }
    if (old.length > 0) await this.log.commit({ state: old.map((key) => ({ store: STORE, key, value: null })) });
    return old.length;
  }

  #kept(key: string): { request_hash: string; done?: undefined } | undefined {
    const value = this.log.state.get(STORE, key);
    return value && { request_hash: decodeStored<StoredCartKey>(value).request_hash };
  }

  async #append(
    request: CartEventRequest & { event_ms: number },
    key: string,
    { by, request_hash }: RequestContext,
  ): Promise<void> {
    const { tenant_id, subject } = by;
    const unknown = await this.assortment.unknownOf(tenant_id, request);
    if (unknown !== undefined) throw rejectionError(unknown);
    const kept: StoredCartKey = { request_hash, kept_since_ms: this.times.wall.now_ms() };
    await this.log.commit({
      appends: [
        {
          topic: topics.carts.name,
          key: tenantKey(tenant_id, request.cart_id),
          value: encodeJson(topics.carts, { ...request, tenant_id: tenant_id as TenantId }),
          timestamp_ms: request.event_ms,
          headers: { [recordHeaders.subject]: subject },
        },
      ],
      state: [{ store: STORE, key, value: encodeStored(kept) }],
    });
  }
}
