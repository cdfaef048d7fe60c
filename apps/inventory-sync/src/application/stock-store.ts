import type { ChannelId, IdempotencyKey, LocationId, ReservationId, Sku } from '@nerveline/contracts';
import type { StockCommand } from '../domain/command';
import type { Books, DecidedBatch } from './decide-batch';

/** What a batch of commands must see of one tenant. */
export interface Needs {
  readonly skus: ReadonlySet<Sku>;
  readonly reservation_ids: ReadonlySet<ReservationId>;
  readonly idempotency_keys: ReadonlySet<IdempotencyKey>;
  readonly channel_ids: ReadonlySet<ChannelId>;
  readonly location_ids: ReadonlySet<LocationId>;
}

/** The books in PostgreSQL: the only place where stock is granted. */
export interface StockStore {
  /**
   * One transaction: locks every SKU that is needed, always in the order of the SKUs, so that two writers never wait
   * for each other; reads the books; writes what `decide` gives. When it resolves, all of it is durable; when it throws,
   * nothing was written, or (the connection broke while it was committing) a retry finds what was.
   *
   * @throws NervelineError `NL-INV-014` PostgreSQL does not answer, `NL-INV-015` another writer was in the way
   */
  step(needs: ReadonlyMap<string, Needs>, decide: (books: Books) => DecidedBatch): Promise<DecidedBatch>;
}

/** What commands must see, by tenant. A settlement's SKUs are found through its reservation. */
export function needsOf(commands: readonly StockCommand[]): ReadonlyMap<string, Needs> {
  const tenants = new Map<string, MutableNeeds>();
  for (const command of commands) {
    const { tenant_id } = command.by;
    let needs = tenants.get(tenant_id);
    if (needs === undefined) tenants.set(tenant_id, (needs = noNeeds()));
    addNeeds(needs, command);
  }
  return tenants;
}

type MutableNeeds = { -readonly [Name in keyof Needs]: Needs[Name] extends ReadonlySet<infer T> ? Set<T> : never };

const noNeeds = (): MutableNeeds => ({
  skus: new Set(),
  reservation_ids: new Set(),
  idempotency_keys: new Set(),
  channel_ids: new Set(),
  location_ids: new Set(),
});

function addNeeds(needs: MutableNeeds, command: StockCommand): void {
  if (command.kind === 'settle') {
    needs.reservation_ids.add(command.reservation_id);
    return;
  }
  needs.idempotency_keys.add(command.identity.idempotency_key);
  if (command.event.channel_id !== null) needs.channel_ids.add(command.event.channel_id);
  if (command.kind === 'reserve') {
    for (const { sku, location_id } of command.event.lines) {
      needs.skus.add(sku);
      needs.location_ids.add(location_id);
    }
  } else {
    needs.skus.add(command.event.sku);
    needs.location_ids.add(command.event.location_id);
  }
}
