import type { ChannelId, ReservationId, Sku, StockExplanation } from '@nerveline/contracts';
import { LessThan, type DataSource } from 'typeorm';
import type { Deadlines } from '../../application/expire-reservations';
import type { LedgerPage, StockReader } from '../../application/explain-stock';
import type { KeptAnswers } from '../../application/forget-old-keys';
import type { Assortment, Unknown } from '../../application/take-cart-event';
import { translate } from './database';
import { Channel, LedgerHead, Product, ReservationRecord, StockLedgerEntry, StockLevel } from './entities';

const FORGET_AT_ONCE = 1_000;

/** What is read from the books without a lock. */
export class PostgresStockReader implements StockReader, Deadlines, KeptAnswers, Assortment {
  constructor(private readonly database: DataSource) {}

  /** One snapshot, so that the ledger explains exactly the levels beside it. */
  explain(tenant_id: string, sku: Sku, { limit, before_entry }: LedgerPage): Promise<StockExplanation | undefined> {
    return this.#asking(() =>
      this.database.transaction('REPEATABLE READ', async (manager) => {
        const of = { tenant_id, sku };
        const product = await manager.findOneBy(Product, of);
        if (product === null) return undefined;
        const head = await manager.findOneBy(LedgerHead, of);
        const levels = await manager.find(StockLevel, { where: of, order: { location_id: 'ASC' } });
        const ledger = await manager.find(StockLedgerEntry, {
          where: { ...of, ...(before_entry !== undefined && { entry: LessThan(before_entry) }) },
          order: { entry: 'DESC' },
          take: limit,
        });
        return {
          sku,
          name: product.name,
          available: levels.reduce((sum, { on_hand, reserved }) => sum + on_hand - reserved, 0),
          entry: head?.last_entry ?? 0,
          levels: levels.map(({ location_id, on_hand, reserved, version }) => ({
            location_id,
            on_hand,
            reserved,
            available: on_hand - reserved,
            version,
          })),
          ledger: ledger.map(({ tenant_id: _tenant, sku: _sku, principal: _principal, ...entry }) => entry),
        };
      }),
    );
  }

  unknownOf(
    tenant_id: string,
    { sku, channel_id }: { readonly sku: Sku; readonly channel_id: ChannelId },
  ): Promise<Unknown | undefined> {
    return this.#asking(async () => {
      if (!(await this.database.manager.existsBy(Product, { tenant_id, sku }))) return 'unknown_sku';
      if (!(await this.database.manager.existsBy(Channel, { tenant_id, channel_id }))) return 'unknown_channel';
      return undefined;
    });
  }

  async earliest(): Promise<readonly { readonly tenant_id: string; readonly expires_at_ms: number }[]> {
    const rows = await this.#asking(() =>
      this.database
        .createQueryBuilder(ReservationRecord, 'r')
        .select('r.tenant_id', 'tenant_id')
        .addSelect('min(r.expires_at_ms)', 'expires_at_ms')
        .where("r.status = 'held'")
        .groupBy('r.tenant_id')
        .getRawMany<{ tenant_id: string; expires_at_ms: string }>(),
    );
    return rows.map(({ tenant_id, expires_at_ms }) => ({ tenant_id, expires_at_ms: Number(expires_at_ms) }));
  }

  next(
    tenant_id: string,
    limit: number,
  ): Promise<readonly { readonly reservation_id: ReservationId; readonly expires_at_ms: number }[]> {
    return this.#asking(() =>
      this.database
        .createQueryBuilder(ReservationRecord, 'r')
        .select(['r.tenant_id', 'r.reservation_id', 'r.expires_at_ms'])
        // A literal: the index holds live reservations only, and is of no use for a status that isn't known yet.
        .where("r.tenant_id = :tenant_id AND r.status = 'held'", { tenant_id })
        .orderBy('r.expires_at_ms')
        .limit(limit)
        .getMany(),
    );
  }

  forgetOlderThan(age_ms: number): Promise<number> {
    return this.#asking(async () => {
      const [, count] = await this.database.query<[unknown, number]>(
        `DELETE FROM inventory.idempotency_keys WHERE ctid IN (
           SELECT ctid FROM inventory.idempotency_keys
           WHERE kept_since < now() - make_interval(secs => $1) LIMIT ${FORGET_AT_ONCE})`,
        [age_ms / 1_000],
      );
      return count;
    });
  }

  async #asking<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw translate(error);
    }
  }
}
