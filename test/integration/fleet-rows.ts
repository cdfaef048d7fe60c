import { eventually } from '@nerveline/testing';
import type { Log } from '@nerveline/log';

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

type FleetTable = 'vehicles' | 'drivers' | 'orders';

/** Writes changes of one table as the relay does, in one append. `null` deletes. */
export async function writeRows(
  log: Log,
  table: FleetTable,
  rows: Readonly<Record<string, object | null>>,
): Promise<void> {
  const topic = `cdc.fleet.${table}`;
  const timestamp_ms = Date.now();
  const source = { schema: 'fleet', table, ts_ms: timestamp_ms, snapshot: 'false', position: '1:1:0/1:0' };
  const records = Object.entries(rows).flatMap(([key, after]) => {
    const change = { op: after === null ? 'd' : 'c', before: null, after, source, ts_ms: timestamp_ms };
    const headers = { source_position: source.position };
    const record = { topic, key, value: bytesOf({ ...change, transaction: null }), headers, timestamp_ms };
    return after === null ? [record, { ...record, value: null }] : [record];
  });
  await log.append(records);
}

export const vehicleRow = (vehicle_id: string, more: object = {}) => ({
  tenant_id: 'demo',
  vehicle_id,
  depot_id: 'north',
  driver_id: null,
  name: vehicle_id,
  ...more,
});

/** Puts vehicles into the table. */
export const enrol = (log: Log, vehicle_ids: readonly string[]): Promise<void> =>
  writeRows(log, 'vehicles', Object.fromEntries(vehicle_ids.map((id) => [`demo/${id}`, vehicleRow(id)])));

/** Waits until the service has this many rows of vehicles. */
export async function untilKnown(address: string, vehicles: number): Promise<void> {
  await eventually(
    async () => {
      const { facts } = (await (await fetch(`${address}/health/ready`)).json()) as {
        facts: { source_tables: { vehicles: number } };
      };
      return facts.source_tables.vehicles === vehicles;
    },
    { within_ms: 30_000, what: `${vehicles} known vehicles` },
  );
}
