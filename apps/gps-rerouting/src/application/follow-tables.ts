import { decodeJson, splitTenantKey, tenantId, topics, type TenantId } from '@nerveline/contracts';
import type { StateWrite } from '@nerveline/kernel';
import type { Effects, LogRecord, StateReader } from '@nerveline/log';
import type { Directory, OrderFacts, VehicleFacts } from './directory';

/** The consumer group of the source tables. */
export const TABLES_GROUP = 'gps-rerouting.tables';

type Table = 'vehicles' | 'drivers' | 'orders';
type Row =
  | { readonly table: 'vehicles'; readonly row: VehicleFacts }
  | { readonly table: 'drivers'; readonly row: { readonly name: string } }
  | { readonly table: 'orders'; readonly row: OrderFacts };
/** With the partition that it came from: a TRUNCATE is told to each partition, and empties that one. */
type StoredRow = Row & { readonly partition: number };

const tableOfTopic: Readonly<Record<string, Table>> = {
  [topics.vehicles.name]: 'vehicles',
  [topics.drivers.name]: 'drivers',
  [topics.orders.name]: 'orders',
};

const storeOf = (table: Table): string => `fleet.source.${table}`;
const text = new TextDecoder();

/** Keeps the directory in step with the source's tables; rows and input positions are stored in one commit. */
export class FollowTables {
  static readonly topics = Object.keys(tableOfTopic);
  readonly #partitions = new Map<Table, Map<string, number>>();

  constructor(
    private readonly directory: Directory,
    /** Told of every vehicle whose facts changed. */
    private readonly onVehicle: (tenant_id: TenantId, key: string) => void,
  ) {}

  /** Takes up where an earlier run stopped. */
  restore(state: StateReader): void {
    for (const table of Object.values(tableOfTopic)) {
      for (const [key, bytes] of state.scan(storeOf(table), '')) {
        this.#set(table, key, JSON.parse(text.decode(bytes)) as StoredRow);
      }
    }
  }

  /** Takes a batch over. Applying it twice does no harm: a row is what it was last. */
  handle(records: readonly LogRecord[]): Effects {
    const writes = new Map<string, StateWrite>();
    for (const record of records) {
      const table = tableOfTopic[record.topic];
      if (table === undefined) continue;
      for (const [key, stored] of this.#changesOf(table, record)) {
        this.#set(table, key, stored);
        const value = stored === null ? null : new TextEncoder().encode(JSON.stringify(stored));
        writes.set(`${table} ${key}`, { store: storeOf(table), key, value });
      }
    }
    return { state: [...writes.values()] };
  }

  #changesOf(table: Table, { key, value, partition }: LogRecord): [string, StoredRow | null][] {
    if (key !== null) {
      const row = value === null ? null : readRow(table, value);
      return [[text.decode(key), row === null ? null : { ...row, partition }]];
    }
    const emptied = [...(this.#partitions.get(table) ?? [])].filter(([, home]) => home === partition);
    return emptied.map(([gone]) => [gone, null]);
  }

  #set(table: Table, key: string, stored: StoredRow | null): void {
    const homes = this.#partitions.get(table) ?? new Map<string, number>();
    this.#partitions.set(table, homes);
    if (stored === null) homes.delete(key);
    else homes.set(key, stored.partition);
    const tenant_id = tenantId.parse(splitTenantKey(key)[0]);
    this.#tell(table, { tenant_id, key }, stored);
    if (table === 'vehicles') this.onVehicle(tenant_id, key);
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
function readRow(table: Table, bytes: Uint8Array): Row | null {
  switch (table) {
    case 'vehicles': {
      const row = decodeJson(topics.vehicles, bytes).after;
      if (row === null) return null;
      return { table, row: { depot_id: row.depot_id, driver_id: row.driver_id, name: row.name } };
    }
    case 'drivers': {
      const row = decodeJson(topics.drivers, bytes).after;
      return row === null ? null : { table, row: { name: row.name } };
    }
    case 'orders': {
      const row = decodeJson(topics.orders, bytes).after;
      if (row === null) return null;
      const { order_id, vehicle_id, stop, lat, lon, status } = row;
      return { table, row: { order_id, vehicle_id, stop, lat, lon, status } };
    }
  }
}
