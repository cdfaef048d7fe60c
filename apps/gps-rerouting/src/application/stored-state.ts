import { splitTenantKey, tenantId, vehicleId, type TenantId, type TrafficIncident } from '@nerveline/contracts';
import { NervelineError, tenantKey } from '@nerveline/kernel';
import type { OpenChange } from '../domain/fleet/open-change';
import type { Plan, Proposal, Vehicle } from '../domain/fleet/vehicle';
import type { Outbox } from './outbox';
import type { Step } from './step';
import { incidentOf } from './take-traffic';
import { World, type Surroundings } from './world';
import { Memory, type Remembered } from './memory';

/** Reads of the state that is committed together with the log. */
export interface StateReader {
  scan(store: string, prefix: string): Iterable<readonly [key: string, value: Uint8Array]>;
}

export const stores = {
  vehicles: 'fleet.vehicles',
  plans: 'fleet.plans',
  incidents: 'fleet.incidents',
  metric: 'fleet.metric',
  open_changes: 'fleet.open_changes',
  memory: 'fleet.memory',
} as const;

const FORMAT_VERSION = 1;

type StoredVehicle = Omit<Vehicle, 'vehicle_id' | 'plan' | 'line' | 'place' | 'proposal'> & { offset_m: number };
interface StoredPlan {
  readonly plan: Plan | null;
  readonly proposal: Proposal | null;
}
type StoredChange = Omit<OpenChange, 'waiting'>;
interface StoredMetric {
  readonly metric_version: number;
  readonly graph: string;
}

/** Adds to a commit what has to be kept of the vehicles that it touched. */
export function storeTouched(outbox: Outbox): void {
  for (const { tenant_id, vehicle, plan_changed } of outbox.touched.values()) {
    const { vehicle_id, plan, line: _line, place, proposal, ...rest } = vehicle;
    const key = tenantKey(tenant_id, vehicle_id);
    put<StoredVehicle>(outbox, stores.vehicles, key, { ...rest, offset_m: place.offset_m });
    if (plan_changed) put<StoredPlan>(outbox, stores.plans, key, { plan, proposal });
  }
}

export function storeIncident(outbox: Outbox, incident: TrafficIncident): void {
  const key = tenantKey(incident.tenant_id, incident.incident_id);
  if (incident.kind === 'cleared') outbox.put(stores.incidents, key, null);
  else put(outbox, stores.incidents, key, { incident });
}

/** Null when all of it is decided. Who still waits is told by what the vehicles were judged on last. */
export function storeOpenChange(outbox: Outbox, tenant_id: TenantId, change: OpenChange | null): void {
  if (change === null) return outbox.put(stores.open_changes, tenant_id, null);
  const { waiting: _waiting, ...stored } = change;
  put<StoredChange>(outbox, stores.open_changes, tenant_id, stored);
}

/** With the graph whose segments plans and incidents name: the next start may have other roads. */
export function storeMetric({ world, outbox }: Step, tenant_id: TenantId): void {
  const metric_version = world.fleet(tenant_id).metric.version;
  put<StoredMetric>(outbox, stores.metric, tenant_id, { metric_version, graph: world.surroundings.graph.hash });
}

function put<T extends object>(outbox: Outbox, store: string, key: string, value: T): void {
  outbox.put(store, key, { format_version: FORMAT_VERSION, ...value });
}

export interface Restored {
  readonly world: World;
  /** Vehicles whose plan was made on other roads and is void. */
  readonly void_plans: readonly { readonly tenant_id: TenantId; readonly vehicle: Vehicle }[];
  readonly void_incidents: readonly TrafficIncident[];
  /** Tenants whose state was made on other roads. */
  readonly other_roads: readonly TenantId[];
}

/**
 * The world as it was committed last. Plans and incidents name segments, so those of another road graph are void; the
 * caller says so in the log.
 *
 * @throws NervelineError `NL-LOG-006` when a newer version wrote the state
 */
export function restoreWorld(state: StateReader, surroundings: Surroundings): Restored {
  const memory = new Memory();
  const world = new World(surroundings, memory);
  const other_roads = new Set<TenantId>();
  for (const [tenant, stored] of entries<StoredMetric>(state, stores.metric)) {
    const tenant_id = tenantId.parse(tenant);
    world.fleet(tenant_id).metric.restoreVersion(stored.metric_version);
    if (stored.graph !== surroundings.graph.hash) other_roads.add(tenant_id);
  }
  const void_incidents: TrafficIncident[] = [];
  for (const [, { incident: report }] of entries<{ incident: TrafficIncident }>(state, stores.incidents)) {
    const incident = incidentOf(report);
    if (other_roads.has(report.tenant_id)) void_incidents.push(report);
    else if (incident !== undefined) restoreIncident(world, report);
  }
  const void_plans = restoreVehicles(state, world, other_roads);
  restoreOpenChanges(state, world, other_roads);
  for (const [key, stored] of entries<Remembered>(state, stores.memory)) memory.restore(key, stored);
  memory.settle();
  return { world, void_plans, void_incidents, other_roads: [...other_roads] };
}

/** Putting an incident back is no change: the version stays. */
function restoreIncident(world: World, report: TrafficIncident): void {
  const { metric } = world.fleet(report.tenant_id);
  const { version } = metric;
  const incident = incidentOf(report);
  if (incident !== undefined) metric.apply(incident);
  metric.restoreVersion(version);
  world.reports.set(tenantKey(report.tenant_id, report.incident_id), report);
}

/** A change that was being decided goes on with those that its decisions didn't reach. */
function restoreOpenChanges(state: StateReader, world: World, other_roads: ReadonlySet<TenantId>): void {
  for (const [tenant, stored] of entries<StoredChange>(state, stores.open_changes)) {
    const tenant_id = tenantId.parse(tenant);
    if (other_roads.has(tenant_id)) continue;
    const fleet = world.fleet(tenant_id);
    const { metric_version } = stored.report;
    const waiting = stored.vehicle_ids.filter((id) => fleet.vehicle(id).judged_version < metric_version);
    if (waiting.length > 0) fleet.open_change = { ...stored, waiting: new Set(waiting) };
  }
}

function restoreVehicles(state: StateReader, world: World, other_roads: ReadonlySet<TenantId>) {
  const void_plans: { tenant_id: TenantId; vehicle: Vehicle }[] = [];
  const plans = new Map(entries<StoredPlan>(state, stores.plans));
  for (const [key, { offset_m, ...stored }] of entries<StoredVehicle>(state, stores.vehicles)) {
    const [tenant = '', id = ''] = splitTenantKey(key);
    const tenant_id = tenantId.parse(tenant);
    const fleet = world.fleet(tenant_id);
    const vehicle = fleet.vehicle(vehicleId.parse(id));
    const { plan, proposal } = plans.get(key) ?? { plan: null, proposal: null };
    const is_void = plan !== null && other_roads.has(tenant_id);
    if (plan !== null && !is_void) fleet.follow(vehicle, plan, { offset_m, stops_done: stored.stops_done });
    Object.assign(vehicle, stored);
    vehicle.proposal = is_void ? null : proposal;
    if (vehicle.arrived_ms !== null) fleet.arrive(vehicle, vehicle.arrived_ms);
    if (!is_void) continue;
    fleet.dropPlan(vehicle);
    void_plans.push({ tenant_id, vehicle });
  }
  return void_plans;
}

const text = new TextDecoder();

function* entries<T>(state: StateReader, store: string): Generator<[string, T]> {
  for (const [key, bytes] of state.scan(store, '')) {
    const { format_version, ...value } = JSON.parse(text.decode(bytes)) as T & { format_version: number };
    if (format_version !== FORMAT_VERSION) {
      throw new NervelineError('NL-LOG-006', { detail: `${store} ${key} is of format ${format_version}` });
    }
    yield [key, value as T];
  }
}
