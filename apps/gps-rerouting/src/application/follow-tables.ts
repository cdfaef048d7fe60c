import {
  splitTenantKey,
  tenantId,
  topics,
  vehicleId,
  type TenantId,
  type ValueOf,
  type VehicleId,
} from '@nerveline/contracts';
import { NervelineError, tenantKey, type RecordHeaders, type StateWrite } from '@nerveline/kernel';
import type { Effects, Log, LogRecord } from '@nerveline/log';
import { vanishedKeys, type CompactedLog } from '@nerveline/stream';
import type { Concerned } from './apply-tables';
import type { Directory, OrderFacts, VehicleFacts } from './directory';
import { sameTour } from './follow-orders';

/** The consumer group of the source tables. */
export const TABLES_GROUP = 'gps-rerouting.tables';

/** A change of each table, as its topic's schema describes it. */
export interface TableChange {
  readonly vehicles: ValueOf<typeof topics.vehicles>;
  readonly drivers: ValueOf<typeof topics.drivers>;
  readonly orders: ValueOf<typeof topics.orders>;
}

type Table = keyof TableChange;
type Row =
  | { readonly table: 'vehicles'; readonly row: VehicleFacts }
  | { readonly table: 'drivers'; readonly row: { readonly name: string } }
  | { readonly table: 'orders'; readonly row: OrderFacts };
/** With the partition that it came from: a TRUNCATE is told to each partition, and empties that one. */
type StoredRow = Row & { readonly partition: number };

const topicOf: Readonly<Record<Table, string>> = {
  vehicles: topics.vehicles.name,
  drivers: topics.drivers.name,
  orders: topics.orders.name,
};
const tables: readonly Table[] = ['vehicles', 'drivers', 'orders'];

/** What the fleet makes of the tables. */
export interface TableFollower {
  /** What is known of a vehicle changed: pages name it otherwise. */
  onFacts(tenant_id: TenantId, key: string): void;
  /** Its row came or went, or its orders changed. */
  apply(concerned: Concerned): Promise<void>;
}

/** Where the tables come from, and what is known of them is kept. */
export type TablesLog = CompactedLog & Pick<Log, 'commit' | 'state'>;

/** A row as it is from now on; null when it is gone. */
interface RowChange {
  readonly table: Table;
  readonly key: string;
  readonly stored: StoredRow | null;
  readonly headers: RecordHeaders;
}

/** A vehicle that has to be told, and the row because of which. */
interface Told extends Concerned {
  readonly row: string;
}

const storeOf = (table: Table): string => `fleet.source.${table}`;
const rowName = ({ table, key }: Pick<RowChange, 'table' | 'key'>): string => `${table} ${key}`;
const text = new TextDecoder();

/** Rows that one commit takes out which vanished. */
const VANISHED_SLICE = 500;

/** Vehicles that are brought up to date at once: they share commits, and leave room at the desk for others. */
const AT_ONCE = 100;

/**
 * Keeps the directory in step with the source's tables, and the fleet with the directory. Rows and input positions are
 * stored in one commit, after the fleet has taken the change: a crash in between brings the same change again.
 */
export class FollowTables {
  readonly #partitions = new Map<Table, Map<string, number>>();
  /**
   * Who has yet to be told of what happened, and by which row: they are told when that row is tried again, by itself or
   * in its batch, or when another one concerns them. A vehicle that can't be told holds up no other row.
   */
  readonly #untold = new Map<string, Told>();

  constructor(
    private readonly directory: Directory,
    private readonly fleet: TableFollower,
  ) {}

  /** Takes up where an earlier run stopped, without the rows that have vanished from the log since. */
  async restore(log: TablesLog): Promise<void> {
    for (const table of tables) {
      for (const [key, bytes] of log.state.scan(storeOf(table), '')) {
        this.#set(table, key, JSON.parse(text.decode(bytes)) as StoredRow);
      }
    }
    for (const table of tables) {
      const known = this.#partitions.get(table)?.keys() ?? [];
      const gone = await vanishedKeys(log, { group: TABLES_GROUP, topic: topicOf[table], known });
      const changes = gone.map((key): RowChange => ({ table, key, stored: null, headers: {} }));
      for (let i = 0; i < changes.length; i += VANISHED_SLICE) {
        await log.commit({ state: await this.#takeOver(changes.slice(i, i + VANISHED_SLICE)) });
      }
    }
  }

  /**
   * Takes a batch over: records of one partition, and the change that each tells of, null for a tombstone. Applying it
   * twice does no harm: a row is what it was last.
   *
   * @throws NervelineError `NL-LOG-011` for a key of no tenant
   */
  async handle<T extends Table>(
    table: T,
    records: readonly LogRecord[],
    changes: readonly (TableChange[T] | null)[],
  ): Promise<Effects> {
    return { state: await this.#takeOver(this.#changesIn(table, records, changes)) };
  }

  async #takeOver(changes: Iterable<RowChange>): Promise<StateWrite[]> {
    const writes = new Map<string, StateWrite>();
    const concerned = new Map<string, Told>();
    try {
      for (const change of changes) {
        this.#change(change, concerned);
        const { table, key, stored } = change;
        const value = stored === null ? null : new TextEncoder().encode(JSON.stringify(stored));
        writes.set(rowName(change), { store: storeOf(table), key, value });
      }
    } finally {
      // Also when a row behind them is at fault: the directory has theirs already, and will not find them changed again.
      for (const [place, told] of concerned) this.#untold.set(place, told);
    }
    await this.#bringAbout([...concerned]);
    return [...writes.values()];
  }

  async #bringAbout(concerned: readonly (readonly [string, Told])[]): Promise<void> {
    for (let i = 0; i < concerned.length; i += AT_ONCE) {
      const outcomes = await Promise.allSettled(
        concerned.slice(i, i + AT_ONCE).map(async ([place, told]) => {
          await this.fleet.apply(told);
          this.#untold.delete(place);
        }),
      );
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    }
  }

  /** Takes a row over, and notes the vehicles to which that matters. */
  #change(change: RowChange, concerned: Map<string, Told>): void {
    const { table, key, stored, headers } = change;
    const row = rowName(change);
    for (const [place, told] of this.#untold) if (told.row === row) concerned.set(place, told);
    const [tenant, id] = splitTenantKey(key);
    const tenant_id = tenantOf(tenant, key);
    const before = table === 'orders' ? this.directory.order(key)?.vehicle_id : undefined;
    const after = stored?.table === 'orders' ? stored.row.vehicle_id : undefined;
    const carriers = [...new Set([before, after])].filter((vehicle_id) => typeof vehicle_id === 'string');
    const tours = carriers.map((vehicle_id) => [vehicle_id, this.directory.openOrders(tenant_id, vehicle_id)] as const);
    this.#set(table, key, stored);
    const note = (vehicle_id: VehicleId, former: readonly OrderFacts[]) => {
      const place = tenantKey(tenant_id, vehicle_id);
      const known = concerned.get(place) ?? this.#untold.get(place);
      concerned.set(place, { tenant_id, vehicle_id, former: known?.former ?? former, headers, row });
    };
    for (const [vehicle_id, former] of tours) {
      if (!sameTour(former, this.directory.openOrders(tenant_id, vehicle_id))) note(vehicle_id, former);
    }
    if (table !== 'vehicles' || stored !== null) return;
    // The row of an id that is none was never taken, so nothing follows from its end.
    const { data: gone } = vehicleId.safeParse(id);
    if (gone !== undefined) note(gone, this.directory.openOrders(tenant_id, gone));
  }

  /** One after another as they are taken over: what a TRUNCATE empties depends on what came ahead of it. */
  *#changesIn<T extends Table>(
    table: T,
    records: readonly LogRecord[],
    changes: readonly (TableChange[T] | null)[],
  ): Generator<RowChange> {
    for (const [index, { key, partition, headers }] of records.entries()) {
      if (key !== null) {
        const change = changes[index] ?? null;
        const row = change === null ? null : rowOf[table](change);
        yield { table, key: text.decode(key), stored: row && { ...row, partition }, headers };
        continue;
      }
      const emptied = [...(this.#partitions.get(table) ?? [])].filter(([, home]) => home === partition);
      for (const [gone] of emptied) yield { table, key: gone, stored: null, headers };
    }
  }

  #set(table: Table, key: string, stored: StoredRow | null): void {
    const homes = this.#partitions.get(table) ?? new Map<string, number>();
    this.#partitions.set(table, homes);
    if (stored === null) homes.delete(key);
    else homes.set(key, stored.partition);
    const tenant_id = tenantOf(splitTenantKey(key)[0], key);
    this.#tell(table, { tenant_id, key }, stored);
    if (table === 'vehicles') this.fleet.onFacts(tenant_id, key);
  }

  #tell(table: Table, of: { readonly tenant_id: TenantId; readonly key: string }, stored: Row | null): void {
    const { tenant_id, key } = of;
    if (stored === null) {
      if (table === 'vehicles') this.directory.setVehicle(key, null);
      else if (table === 'drivers') this.directory.setDriver(key, null);
      else this.directory.setOrder(tenant_id, key, null);
    } else if (stored.table === 'vehicles') this.directory.setVehicle(key, stored.row);
    else if (stored.table === 'drivers') this.directory.setDriver(key, stored.row.name);
    else this.directory.setOrder(tenant_id, key, stored.row);
  }
}

/** What the row is now; null when it is gone. */
const rowOf: { readonly [T in Table]: (change: TableChange[T]) => Row | null } = {
  vehicles: ({ after }) => {
    if (after === null) return null;
    const { depot_id, driver_id, name } = after;
    return { table: 'vehicles', row: { depot_id, driver_id, name } };
  },
  drivers: ({ after }) => (after === null ? null : { table: 'drivers', row: { name: after.name } }),
  orders: ({ after }) => {
    if (after === null) return null;
    const { order_id, vehicle_id, stop, lat, lon, status } = after;
    return { table: 'orders', row: { order_id, vehicle_id, stop, lat, lon, status } };
  },
};

function tenantOf(tenant: string | undefined, key: string): TenantId {
  const { data } = tenantId.safeParse(tenant);
  if (data !== undefined) return data;
  throw new NervelineError('NL-LOG-011', { detail: `${key} is the key of no tenant`, field: 'key' });
}
