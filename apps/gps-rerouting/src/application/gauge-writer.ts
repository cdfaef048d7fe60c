import { encodeJson, tenantKey, topics, type TenantId, type VehicleState } from '@nerveline/contracts';
import { asOfMs, type Vehicle } from '../domain/fleet/vehicle';
import type { RecordHeaders } from '@nerveline/kernel';
import type { Directory } from './directory';
import type { Step } from './step';
import type { World } from './world';

/** What has to be told of a vehicle: whose it is, and what caused the last change. */
interface Due {
  readonly tenant_id: TenantId;
  readonly headers: RecordHeaders;
}

/** A page needs no more than this of one vehicle. */
const MIN_BETWEEN_MS = 200;
/** The others come with the next commit, so that a thousand vehicles at once don't hold the event loop. */
const MAX_STATES_PER_COMMIT = 400;

/**
 * Writes `fleet.vehicle_states`: a gauge, of which only the last value of a vehicle counts. The first change after a
 * quiet moment goes out at once, with the commit that made it; after that at most one in 200 ms.
 */
export class GaugeWriter {
  #dirty = new Map<Vehicle, Due>();
  #written_ms = new WeakMap<Vehicle, number>();

  constructor(private readonly directory: Directory) {}

  /** After a start every vehicle is told once: the last value may have been lost with the process. */
  reset(world: World): void {
    this.#dirty = new Map();
    this.#written_ms = new WeakMap();
    for (const [tenant_id, fleet] of world.fleets()) {
      for (const vehicle of fleet.vehicles.values()) this.mark(tenant_id, vehicle);
    }
  }

  /** Vehicles whose last change nobody has seen yet. */
  get pending(): number {
    return this.#dirty.size;
  }

  /** What the source tables say of a vehicle has changed. */
  mark(tenant_id: TenantId, vehicle: Vehicle): void {
    this.#dirty.set(vehicle, { tenant_id, headers: {} });
  }

  /** Puts into the commit what is due. */
  take(step: Step, wall_ms: number): void {
    for (const touched of step.outbox.touched.values()) this.#dirty.set(touched.vehicle, touched);
    let written = 0;
    for (const [vehicle, { tenant_id, headers }] of this.#dirty) {
      if (written >= MAX_STATES_PER_COMMIT) return;
      if (wall_ms - (this.#written_ms.get(vehicle) ?? 0) < MIN_BETWEEN_MS) continue;
      this.#dirty.delete(vehicle);
      this.#written_ms.set(vehicle, wall_ms);
      const state = this.#stateOf(step, tenant_id, vehicle);
      if (state === undefined) continue;
      written++;
      step.outbox.appends.push({
        topic: topics.vehicleStates.name,
        key: tenantKey(tenant_id, vehicle.vehicle_id),
        value: encodeJson(topics.vehicleStates, state),
        timestamp_ms: state.event_ms,
        headers,
      });
    }
  }

  /** Undefined for a vehicle that never told where it is. */
  #stateOf(step: Step, tenant_id: TenantId, vehicle: Vehicle): VehicleState | undefined {
    const { fix, plan, line, place } = vehicle;
    if (fix === null) return undefined;
    const { metric } = step.world.fleet(tenant_id);
    const rest_ms = line === null || vehicle.arrived_ms !== null ? 0 : line.remainingMs(place, metric);
    const eta_ms = plan === null || rest_ms === Infinity ? null : (vehicle.arrived_ms ?? asOfMs(vehicle) + rest_ms);
    const known = this.directory.vehicle(tenant_id, vehicle.vehicle_id);
    return {
      tenant_id,
      vehicle_id: vehicle.vehicle_id,
      depot_id: known?.depot_id ?? plan?.depot_id ?? null,
      ...(known !== undefined && { name: known.name }),
      ...(known?.driver_name !== undefined && { driver_name: known.driver_name }),
      lat: fix.lat,
      lon: fix.lon,
      heading_deg: Math.round(fix.heading_deg * 10) / 10,
      speed_mps: Math.round(fix.speed_mps * 100) / 100,
      status: statusOf(vehicle),
      eta_ms,
      delay_ms: eta_ms === null || plan === null ? 0 : eta_ms - plan.promised_eta_ms,
      remaining_m:
        line === null || vehicle.arrived_ms !== null ? 0 : Math.max(0, Math.round(line.end_m - place.offset_m)),
      plan_version: plan?.plan_version ?? 0,
      event_ms: fix.event_ms,
    };
  }
}

function statusOf(vehicle: Vehicle): VehicleState['status'] {
  if (vehicle.plan === null) return 'no_plan';
  if (vehicle.arrived_ms !== null) return 'arrived';
  return vehicle.off_route.off_route ? 'off_route' : 'on_route';
}
