import {
  reservationId,
  reservationRequest,
  stockMovementBatchRequest,
  stockMovementRequest,
} from '@nerveline/contracts';
import type { ReservationId, Sku } from '@nerveline/contracts';
import { isNervelineError, type Principal } from '@nerveline/kernel';
import { CommandQueue } from '../../apps/inventory-sync/src/application/command-queue';
import { emptyBook, type DecidedBatch, type WorkingBook } from '../../apps/inventory-sync/src/application/decide-batch';
import { ExpireReservations, type Deadlines } from '../../apps/inventory-sync/src/application/expire-reservations';
import { MoveStock } from '../../apps/inventory-sync/src/application/move-stock';
import { ReserveStock } from '../../apps/inventory-sync/src/application/reserve-stock';
import { SettleReservation } from '../../apps/inventory-sync/src/application/settle-reservation';
import { StockClocks } from '../../apps/inventory-sync/src/application/stock-clocks';
import type { StockStore } from '../../apps/inventory-sync/src/application/stock-store';
import { defaultPolicy } from '../../apps/inventory-sync/src/domain/policy';
import { availableOf } from '../../apps/inventory-sync/src/domain/stock';
import type { EntryKind, SkuStock } from '../../apps/inventory-sync/src/domain/stock';
import { CHANNELS, LOCATIONS } from '../../apps/simulator/src/world/shop';

const BY: Principal = { tenant_id: 'demo', subject: 'shop', roles: [], scopes: [] };

/** What happened, by the (virtual) time at which it did. */
export interface StockEvent {
  readonly at_ms: number;
  readonly kind: EntryKind | 'sold_out' | 'back' | 'granted' | 'refused';
  readonly sku?: Sku;
}

/**
 * inventory-sync without its stores: the real queue, rule and expiry over books in memory, behind the two doors that the
 * simulator's shop uses. All its waits are timers of the test.
 */
export class DemoShop {
  readonly tenant_id = 'demo';
  readonly events: StockEvent[] = [];
  readonly #book: WorkingBook = emptyBook();
  readonly #free = new Map<Sku, number>();
  readonly #reserve: ReserveStock;
  readonly #settle: SettleReservation;
  readonly #move: MoveStock;
  readonly #expiry: ExpireReservations;

  constructor() {
    const wall = { now_ms: () => Date.now() };
    const clocks = new StockClocks(wall, defaultPolicy);
    const store: StockStore = {
      step: async (_needs, decide) => this.#note(decide(new Map([[this.tenant_id, this.#book]]))),
    };
    const queue = new CommandQueue({
      store,
      policy: defaultPolicy,
      lanes: 1,
      max_batch_commands: 256,
      max_waiting_commands: 10_000,
    });
    let made = 0;
    const newReservationId = () => reservationId.parse(`hold-${(made += 1)}`);
    this.#reserve = new ReserveStock({ queue, clocks, newReservationId });
    this.#settle = new SettleReservation(queue, clocks);
    this.#move = new MoveStock(queue, clocks);
    const onError = (error: unknown) => {
      throw error;
    };
    this.#expiry = new ExpireReservations({
      deadlines: this.#deadlines(),
      settle: this.#settle,
      clocks,
      wall,
      onError,
    });
    queue.watch((decided) => this.#expiry.note(decided));
    for (const { channel_id } of CHANNELS) this.#book.channels.add(channel_id as never);
    for (const { location_id } of LOCATIONS) this.#book.locations.add(location_id as never);
  }

  start(): void {
    this.#expiry.start();
  }

  stop(): Promise<void> {
    return this.#expiry.stop();
  }

  /** SKUs of which nothing is free. */
  get sold_out(): number {
    return [...this.#free.values()].filter((free) => free === 0).length;
  }

  get free_units(): number {
    return [...this.#free.values()].reduce((sum, free) => sum + free, 0);
  }

  /** The database's door. */
  async upsert(
    table: string,
    _key: readonly string[],
    rows: readonly Readonly<Record<string, unknown>>[],
  ): Promise<void> {
    if (table !== 'inventory.products') return;
    const unsold: SkuStock = { last_entry: 0, levels: new Map() };
    for (const { sku } of rows) this.#book.stock.set(sku as Sku, unsold);
  }

  /** The only question that the shop asks of the database: what is free of each SKU, at each location. */
  async run(): Promise<Record<string, unknown>[]> {
    return [...this.#book.stock].flatMap(([sku, { levels }]) =>
      [...levels].map(([location_id, level]) => ({ sku, location_id, free: availableOf(level) })),
    );
  }

  /** The service's door. */
  async post(path: string, body: unknown): Promise<{ readonly status: number; readonly body: unknown }> {
    try {
      return { status: 200, body: await this.#answer(path, body) };
    } catch (error) {
      if (!isNervelineError(error)) throw error;
      return { status: 409, body: { error: { code: error.code } } };
    }
  }

  #answer(path: string, body: unknown): unknown {
    const request_hash = JSON.stringify(body);
    const context = { by: BY, request_hash };
    const [, reservation, settlement] = /^\/v1\/reservations\/(.+)\/(commit|release)$/.exec(path) ?? [];
    if (settlement === 'commit' || settlement === 'release') {
      return this.#settle.settle({ reservation_id: reservation as ReservationId, settlement }, BY);
    }
    switch (path) {
      case '/v1/reservations':
        return this.#reserve.reserve(reservationRequest.parse(body), context);
      case '/v1/stock/movements':
        return this.#move.move(stockMovementRequest.parse(body), context);
      case '/v1/stock/movements/batch': {
        const { movements } = stockMovementBatchRequest.parse(body);
        return this.#move.moveAll(movements.map((request) => ({ request, context })));
      }
      case '/v1/carts/events':
        return {};
      default:
        throw new Error(`nobody answers ${path}`);
    }
  }

  #note(batch: DecidedBatch): DecidedBatch {
    const at_ms = Date.now();
    for (const { outcome, is_new } of batch.decided) {
      if (is_new && outcome.kind === 'reservation') this.events.push({ at_ms, kind: outcome.answer.kind });
    }
    for (const { value } of batch.writes.entries) {
      const { sku, kind } = value;
      this.events.push({ at_ms, kind, sku });
      const before = this.#free.get(sku) ?? 0;
      const free = before + value.on_hand_delta - value.reserved_delta;
      this.#free.set(sku, free);
      if (before > 0 && free === 0) this.events.push({ at_ms, kind: 'sold_out', sku });
      if (before === 0 && free > 0) this.events.push({ at_ms, kind: 'back', sku });
    }
    return batch;
  }

  #deadlines(): Deadlines {
    const held = () =>
      [...this.#book.reservations.values()]
        .filter(({ status }) => status === 'held')
        .toSorted((a, b) => a.expires_at_ms - b.expires_at_ms);
    return {
      earliest: async () =>
        held()
          .slice(0, 1)
          .map(({ expires_at_ms }) => ({ tenant_id: this.tenant_id, expires_at_ms })),
      next: async (_tenant_id, limit) => held().slice(0, limit),
    };
  }
}
