import type { ChannelId, IdempotencyKey, LocationId, Sku } from '@nerveline/contracts';
import { isNervelineError, type Clock } from '@nerveline/kernel';
import type { DataSource } from 'typeorm';
import {
  emptyBook,
  type Books,
  type DecidedBatch,
  type TenantWrite,
  type Writes,
} from '../../application/decide-batch';
import type { Needs, StockStore } from '../../application/stock-store';
import type { KeptAnswer } from '../../domain/decide';
import type { Reservation } from '../../domain/reservation';
import type { Level } from '../../domain/stock';
import { inTransaction, type Transaction } from './database';
import { LOAD, LOCK, WRITE } from './statements';

interface HeadRow {
  readonly tenant_id: string;
  readonly sku: Sku;
  readonly last_entry: number;
}

interface LoadRow {
  readonly levels:
    readonly [tenant_id: string, sku: Sku, location_id: LocationId, on_hand: number, reserved: number][] | null;
  readonly reservations: readonly (Reservation & { tenant_id: string })[] | null;
  readonly answers: readonly (KeptAnswer & { tenant_id: string })[] | null;
  readonly channels: readonly [tenant_id: string, channel_id: ChannelId][] | null;
  readonly locations: readonly [tenant_id: string, location_id: LocationId][] | null;
}

const ASK_AGAIN_MS = 5_000;

type AllNeeds = ReadonlyMap<string, Needs>;

/** The books in PostgreSQL: lock, read, decide, write, commit. */
export class PostgresStockStore implements StockStore {
  #unreachable_ms: number | undefined;

  constructor(
    private readonly database: DataSource,
    private readonly wall: Clock,
  ) {}

  /**
   * Not ready for a moment after PostgreSQL didn't answer; then it takes requests again, since nothing but a request
   * finds out whether it is back.
   */
  check(): { readonly ready: boolean; readonly detail?: string } {
    const is_back = this.#unreachable_ms === undefined || this.wall.now_ms() - this.#unreachable_ms > ASK_AGAIN_MS;
    return is_back ? { ready: true } : { ready: false, detail: 'PostgreSQL does not answer' };
  }

  async step(needs: AllNeeds, decide: (books: Books) => DecidedBatch): Promise<DecidedBatch> {
    try {
      const decided = await inTransaction(this.database, async (transaction) => {
        const books = await readBooks(transaction, needs);
        const decided_batch = decide(books);
        await write(transaction, decided_batch.writes);
        return decided_batch;
      });
      this.#unreachable_ms = undefined;
      return decided;
    } catch (error) {
      if (isNervelineError(error, 'NL-INV-014')) this.#unreachable_ms = this.wall.now_ms();
      throw error;
    }
  }
}

async function readBooks(transaction: Transaction, needs: AllNeeds): Promise<Books> {
  const reservations = pairs(needs, ({ reservation_ids }) => reservation_ids);
  const heads = await transaction.run<HeadRow>(LOCK, [...pairs(needs, ({ skus }) => skus), ...reservations]);
  const [loaded] = await transaction.run<LoadRow>(LOAD, [
    heads.map(({ tenant_id }) => tenant_id),
    heads.map(({ sku }) => sku),
    ...reservations,
    ...pairs(needs, ({ idempotency_keys }) => idempotency_keys),
    ...pairs(needs, ({ channel_ids }) => channel_ids),
    ...pairs(needs, ({ location_ids }) => location_ids),
  ]);
  return toBooks(heads, loaded);
}

function toBooks(heads: readonly HeadRow[], loaded: LoadRow | undefined): Books {
  const books: Books = new Map();
  const bookOf = (tenant_id: string) => {
    let book = books.get(tenant_id);
    if (book === undefined) books.set(tenant_id, (book = emptyBook()));
    return book;
  };
  const levels = new Map<string, Map<LocationId, Level>>();
  for (const { tenant_id, sku, last_entry } of heads) {
    const levels_of_sku = new Map<LocationId, Level>();
    levels.set(`${tenant_id}/${sku}`, levels_of_sku);
    bookOf(tenant_id).stock.set(sku, { last_entry, levels: levels_of_sku });
  }
  for (const [tenant_id, sku, location_id, on_hand, reserved] of loaded?.levels ?? []) {
    levels.get(`${tenant_id}/${sku}`)?.set(location_id, { on_hand, reserved });
  }
  for (const { tenant_id, ...reservation } of loaded?.reservations ?? []) {
    bookOf(tenant_id).reservations.set(reservation.reservation_id, reservation);
  }
  for (const { tenant_id, ...answer } of loaded?.answers ?? []) {
    bookOf(tenant_id).answers.set(answer.idempotency_key, answer);
  }
  for (const [tenant_id, channel_id] of loaded?.channels ?? []) bookOf(tenant_id).channels.add(channel_id);
  for (const [tenant_id, location_id] of loaded?.locations ?? []) bookOf(tenant_id).locations.add(location_id);
  return books;
}

async function write(transaction: Transaction, { entries, made, ended, answers, refusals }: Writes): Promise<void> {
  // A refusal never comes without the answer that is kept of it.
  if (entries.length + made.length + ended.length + answers.length === 0) return;
  const entry_rows = entries.map(({ tenant_id, value, by }) => ({
    tenant_id,
    ...value,
    subject: by.subject,
    // The audit is made from the row, with everything that is known of who did it.
    principal: JSON.stringify(by),
  }));
  const refusal_rows = refusals.map(({ tenant_id, value, by }) => ({
    tenant_id,
    ...value,
    lines: JSON.stringify(value.lines),
    refused: JSON.stringify(value.refused),
    subject: by.subject,
  }));
  const values = [entry_rows, rows(made), rows(ended), rows<KeptAnswer>(answers), refusal_rows];
  await transaction.run(WRITE, values.map(toJson));
}

/** Two arrays, tenants and ids, as `unnest` takes them. */
function pairs<Id extends string | IdempotencyKey>(
  needs: AllNeeds,
  ids: (needs: Needs) => ReadonlySet<Id>,
): [tenants: string[], ids: Id[]] {
  const tenants: string[] = [];
  const all: Id[] = [];
  for (const [tenant_id, tenant_needs] of needs) {
    for (const id of ids(tenant_needs)) {
      tenants.push(tenant_id);
      all.push(id);
    }
  }
  return [tenants, all];
}

const rows = <T extends object>(writes: readonly TenantWrite<T>[]) =>
  writes.map(({ tenant_id, value }) => ({ tenant_id, ...value }));

const toJson = (value: unknown): string => JSON.stringify(value);
