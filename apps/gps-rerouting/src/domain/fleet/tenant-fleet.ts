import type { VehicleId } from '@nerveline/contracts';
import type { RoadGraph } from '../graph/road-graph';
import { SegmentIndex } from '../rerouting/segment-index';
import { Metric } from '../routing/metric';
import { RouteLine } from '../tracking/route-line';
import { ON_ROUTE } from '../tracking/off-route';
import type { OpenChange } from './open-change';
import { newVehicle, NOWHERE, type Plan, type Vehicle } from './vehicle';

/** The vehicles, the traffic and the live weights of one tenant: one tenant's jam slows nobody else's vehicles. */
export class TenantFleet {
  readonly metric: Metric;
  readonly vehicles = new Map<VehicleId, Vehicle>();
  /** The change of the traffic that is being decided; null when all is. */
  open_change: OpenChange | null = null;
  readonly #index = new SegmentIndex<VehicleId>();

  constructor(private readonly graph: RoadGraph) {
    this.metric = new Metric(graph);
  }

  vehicle(vehicle_id: VehicleId): Vehicle {
    const known = this.vehicles.get(vehicle_id);
    if (known !== undefined) return known;
    const vehicle = newVehicle(vehicle_id);
    this.vehicles.set(vehicle_id, vehicle);
    return vehicle;
  }

  /** Lets a vehicle follow a plan, from a place on it; undefined for its beginning. */
  follow(vehicle: Vehicle, plan: Plan, at?: { readonly offset_m: number; readonly stops_done: number }): void {
    const line = new RouteLine(this.graph, plan.way);
    vehicle.plan = plan;
    vehicle.line = line;
    vehicle.place = at === undefined ? line.start : line.locate(at.offset_m);
    vehicle.stops_done = at?.stops_done ?? 0;
    vehicle.arrived_ms = null;
    vehicle.off_route = ON_ROUTE;
    vehicle.proposal = null;
    this.#index.set(vehicle.vehicle_id, plan.way.segment_ids);
  }

  /** The trip is over: nothing is ahead of the vehicle any more. */
  arrive(vehicle: Vehicle, event_ms: number): void {
    vehicle.arrived_ms = event_ms;
    vehicle.proposal = null;
    vehicle.off_route = ON_ROUTE;
    this.#index.remove(vehicle.vehicle_id);
  }

  dropPlan(vehicle: Vehicle): void {
    vehicle.plan = null;
    vehicle.line = null;
    vehicle.place = NOWHERE;
    vehicle.proposal = null;
    vehicle.off_route = ON_ROUTE;
    vehicle.arrived_ms = null;
    this.#index.remove(vehicle.vehicle_id);
  }

  /** Forgets all of a vehicle but its counts: when it comes back, no id and no version is given twice. */
  remove(vehicle: Vehicle): void {
    this.#index.remove(vehicle.vehicle_id);
    const { vehicle_id, plan_count, decision_count, judged_version } = vehicle;
    Object.assign(vehicle, { ...newVehicle(vehicle_id), plan_count, decision_count, judged_version });
  }

  /** Those that have one of the segments under or ahead of them, in the order of their ids. */
  hitBy(segment_ids: Iterable<number>): Vehicle[] {
    const progressOf = (vehicle_id: VehicleId) => {
      const { line, place } = this.vehicle(vehicle_id);
      return line?.segmentIndex(place) ?? 0;
    };
    return this.#index.hit(segment_ids, progressOf).map((vehicle_id) => this.vehicle(vehicle_id));
  }
}
