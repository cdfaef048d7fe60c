import { reservationAnswer } from '@nerveline/contracts';
import type { Answer, ServiceClient } from '../doors/service-client';
import type { SourceDatabase } from '../doors/source-database';
import { KeyedQueue } from '../playback/keyed-queue';
import { Pace, type Playing } from '../playback/pace';
import type { Refuse } from '../playback/playable';
import { openingStock, recordedInvoices, RetailFold, type Invoice, type RetailMovement } from '../playback/retail-file';
import { Counts, countRefused, type Actor } from './actor';
import { declareAndWait } from './declare-event-clock';
import { openShop } from './shoppers.actor';
import { stockUp } from './stock-up';

/** Invoices on their way at once; those that share a SKU go one after another. */
const IN_FLIGHT = 24;
/** Lines of one reservation, as the API takes them. */
const LINES_AT_ONCE = 100;
/** A hold of a day: at 20,000 times the speed that is 4 s of wall time. */
const HOLD_TTL_MS = 86_400_000;
/** Holds of one sale: one runs out while the service is away; many mean that the platform is too slow for this speed. */
const MOST_ATTEMPTS = 20;
const LOCATION = 'B1';
const CHANNEL = 'web';

/** Plays a file of recorded invoices: sales as hold and commit, what comes back as returns and adjustments. */
export class RecordedRetailActor implements Actor {
  readonly name = 'recorded_retail';
  readonly #counts = new Counts();

  constructor(
    private readonly options: Playing & {
      readonly path: string;
      readonly refuse: Refuse;
      readonly channelsAddress: () => Promise<string>;
    },
    private readonly inventory: ServiceClient,
    private readonly database: SourceDatabase,
  ) {}

  get counts(): Readonly<Record<string, number>> {
    return this.#counts.values;
  }

  async prepare(): Promise<void> {
    await openShop(this.database, await this.options.channelsAddress());
    await this.#stockUp();
  }

  async run(signal: AbortSignal): Promise<void> {
    const queue = new KeyedQueue(IN_FLIGHT);
    const fold = new RetailFold();
    let pace: Pace | undefined;
    const { path, refuse } = this.options;
    for await (const invoice of recordedInvoices(path, countRefused(this.#counts, refuse))) {
      pace ??= await this.#begin(invoice.event_ms, signal);
      if (!(await pace.until(invoice.event_ms))) break;
      const movements = fold.movementsOf(invoice);
      await queue.add(
        movements.map(({ sku }) => sku),
        () => this.#play(invoice, movements),
      );
    }
    await queue.drain();
    if (!signal.aborted) this.#counts.add('finished');
  }

  async #begin(first_event_ms: number, signal: AbortSignal): Promise<Pace> {
    const { speed } = this.options;
    await declareAndWait({
      database: this.database,
      service: this.inventory,
      source: 'stock',
      event_ms: first_event_ms,
      speed,
      signal,
    });
    return new Pace(first_event_ms, this.options, signal);
  }

  async #stockUp(): Promise<void> {
    // A refused row is told and counted when its turn comes to be played.
    const opening = await openingStock(this.options.path, () => undefined);
    await this.database.upsert(
      'inventory.products',
      ['sku'],
      [...opening].map(([sku, { name, price_minor }]) => ({ sku, name, price_minor, currency: 'GBP' })),
    );
    const stock = [...opening].map(([sku, { units }]) => ({ sku, location_id: LOCATION, quantity: units }));
    await stockUp(
      this.inventory,
      'retail',
      stock.filter(({ quantity }) => quantity > 0),
    );
    this.#counts.add('skus', opening.size);
  }

  async #play(invoice: Invoice, movements: readonly RetailMovement[]): Promise<void> {
    const sales = movements.filter(({ kind }) => kind === 'sale');
    for (let at = 0; at < sales.length; at += LINES_AT_ONCE) {
      await this.#sell(`retail-${invoice.invoice}-${at}`, sales.slice(at, at + LINES_AT_ONCE), invoice.event_ms);
    }
    for (const movement of movements) {
      if (movement.kind === 'sale') continue;
      const reason = movement.kind === 'return' ? 'sent back' : movement.reason;
      await this.#move({
        idempotency_key: `retail-${invoice.invoice}-${movement.kind}-${movement.sku}`,
        kind: movement.kind,
        sku: movement.sku,
        quantity: movement.quantity,
        reason,
        event_ms: invoice.event_ms,
      });
    }
    this.#counts.add('lines', invoice.lines.length);
    this.#counts.add('invoices');
  }

  /** Holds and commits. A hold that ran out meanwhile (the service was down) is taken again. */
  async #sell(key: string, sales: readonly RetailMovement[], event_ms: number): Promise<void> {
    const lines = sales.map(({ sku, quantity }) => ({ sku, location_id: LOCATION, quantity }));
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const idempotency_key = attempt === 0 ? key : `${key}-again-${attempt}`;
      const request = { idempotency_key, channel_id: CHANNEL, holder: key, lines, ttl_ms: HOLD_TTL_MS, event_ms };
      const held = reservationAnswer.parse(expectDone(await this.inventory.post('/v1/reservations', request)));
      if (held.kind === 'refused') {
        this.#counts.add('refused');
        return;
      }
      const committed = await this.inventory.post(`/v1/reservations/${held.reservation_id}/commit`, {});
      if (committed.status >= 300) continue;
      this.#counts.add(
        'units_sold',
        sales.reduce((sum, { quantity }) => sum + quantity, 0),
      );
      return;
    }
    throw new Error(`${key} was held ${MOST_ATTEMPTS} times, and each hold ran out before it was sold`);
  }

  async #move(movement: {
    kind: string;
    sku: string;
    quantity: number;
    idempotency_key: string;
    reason: string;
    event_ms?: number;
  }): Promise<void> {
    expectDone(await this.inventory.post('/v1/stock/movements', { ...movement, location_id: LOCATION }));
    this.#counts.add(movement.kind);
  }
}

function expectDone({ status, body }: Answer): unknown {
  if (status < 300) return body;
  throw new Error(`inventory answered ${status}: ${JSON.stringify(body)}`);
}
