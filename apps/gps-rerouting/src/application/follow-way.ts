import { asOfMs, type Plan, type PlanCause, type PlannedStop, type Vehicle } from '../domain/fleet/vehicle';
import { geometryOf, type Way } from '../domain/routing/route-through';
import type { FleetCommand, TenantId, VehiclePlan } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';
import type { Occasion } from './record-decision';
import type { Step } from './step';

export interface NewWay {
  readonly occasion: Occasion;
  readonly way: Way;
  readonly cause: PlanCause;
  /** Those that the way serves, in its order. */
  readonly stops: readonly PlannedStop[];
  /** Where on the way the vehicle already is; at its beginning when absent. */
  readonly at?: { readonly offset_m: number; readonly stops_done: number };
}

export interface NewTrip {
  readonly command: Pick<Extract<FleetCommand, { kind: 'plan' | 'orders' }>, 'tenant_id' | 'depot_id' | 'event_ms'>;
  readonly trip: { readonly way: Way; readonly stops: readonly PlannedStop[] };
  readonly cause: PlanCause;
}

/** Puts a vehicle that has a plan on another way to the stops that it still has. */
export function followNewWay(step: Step, vehicle: Vehicle, { occasion, way, cause, stops, at }: NewWay): void {
  vehicle.plan_count++;
  const plan: Plan = {
    plan_version: vehicle.plan_count,
    cause,
    made_ms: occasion.event_clock_ms,
    depot_id: vehicle.plan?.depot_id ?? null,
    way,
    stops,
    promised_eta_ms: vehicle.plan?.promised_eta_ms ?? asOfMs(vehicle) + way.duration_ms,
    around_incident_id: occasion.incident_id,
  };
  step.world.fleet(occasion.tenant_id).follow(vehicle, plan, at);
  vehicle.last_change_ms = occasion.event_clock_ms;
  publishPlan(step, occasion.tenant_id, vehicle);
}

/** Gives a vehicle a trip of its own, with a promise of its own; whatever it followed before is over. */
export function beginTrip(step: Step, vehicle: Vehicle, { command, trip, cause }: NewTrip): VehiclePlan {
  const { tenant_id, depot_id, event_ms } = command;
  vehicle.plan_count++;
  const plan: Plan = {
    plan_version: vehicle.plan_count,
    cause,
    made_ms: event_ms,
    depot_id,
    ...trip,
    promised_eta_ms: Math.max(event_ms, vehicle.fix?.event_ms ?? 0) + trip.way.duration_ms,
    around_incident_id: null,
  };
  step.world.fleet(tenant_id).follow(vehicle, plan);
  // A trip that was just planned is no reroute: a jam a moment later may be answered at once.
  vehicle.last_change_ms = null;
  vehicle.last_look_ms = null;
  return publishPlan(step, tenant_id, vehicle);
}

/** Writes the plan that a vehicle follows now to the log, with the times of its stops by the present traffic. */
export function publishPlan(step: Step, tenant_id: TenantId, vehicle: Vehicle): VehiclePlan {
  const { plan, line } = vehicle;
  if (plan === null || line === null) throw new NervelineError('NL-KRN-001', { detail: 'there is no plan to publish' });
  const as_of_ms = asOfMs(vehicle);
  const times_ms = line.stopTimesMs(vehicle.place, step.world.fleet(tenant_id).metric);
  const published: VehiclePlan = {
    tenant_id,
    vehicle_id: vehicle.vehicle_id,
    plan_version: plan.plan_version,
    segment_ids: [...plan.way.segment_ids],
    geometry: geometryOf(step.world.surroundings.graph, plan.way.segment_ids),
    stops: plan.stops.map(({ lat, lon, label }, n) => ({ lat, lon, label, eta_ms: as_of_ms + (times_ms[n] ?? 0) })),
    made_ms: plan.made_ms,
    cause: plan.cause,
  };
  step.outbox.plan(published);
  step.outbox.touch(tenant_id, vehicle, { plan: true });
  return published;
}
