import type { FleetCommand } from '@nerveline/contracts';
import { isNervelineError } from '@nerveline/kernel';
import { asOfMs, type Vehicle } from '../domain/fleet/vehicle';
import { decide } from '../domain/rerouting/decide';
import { beginTrip } from './follow-way';
import { closeProposal, drawn, record, type Occasion } from './record-decision';
import { settleVehicle } from './settle-change';
import type { Step } from './step';
import { findTrip, type Trip } from './take-command';
import type { World } from './world';

export type OrdersCommand = Extract<FleetCommand, { kind: 'orders' }>;

const REASON = 'its orders changed';

/** Gives a vehicle whose orders changed the best way over the stops that it has now. The command is in the log. */
export function takeOrders(step: Step, command: OrdersCommand): void {
  const { tenant_id, event_ms, read_vector } = command;
  const { event_clock_ms } = read_vector;
  const vehicle = step.world.fleet(tenant_id).vehicle(command.vehicle_id);
  settleVehicle(step, tenant_id, vehicle);
  const occasion: Occasion = {
    tenant_id,
    trigger: 'orders',
    incident_id: null,
    reason: REASON,
    event_ms,
    event_clock_ms,
  };
  if (command.stops.length === 0) endTour(step, vehicle, occasion);
  else planTour(step, vehicle, { command, occasion });
}

function endTour(step: Step, vehicle: Vehicle, occasion: Occasion): void {
  const { tenant_id, event_ms } = occasion;
  closeProposal(step, vehicle, { occasion, outcome: 'expired', reason: 'no stop is left' });
  step.world.fleet(tenant_id).dropPlan(vehicle);
  step.outbox.dropPlan(tenant_id, vehicle.vehicle_id, event_ms);
  step.outbox.touch(tenant_id, vehicle, { plan: true });
}

function planTour(
  step: Step,
  vehicle: Vehicle,
  { command, occasion }: { readonly command: OrdersCommand; readonly occasion: Occasion },
): void {
  const { surroundings } = step.world;
  const { metric } = step.world.fleet(occasion.tenant_id);
  const found = tripOrWhyNot(step.world, command);
  const trip = typeof found === 'string' ? null : found;
  const { line, place, arrived_ms, last_change_ms, proposal } = vehicle;
  const remaining_ms = line === null || arrived_ms !== null ? null : line.remainingMs(place, metric);
  const best = trip === null ? null : { remaining_ms: trip.way.duration_ms, fork: null };
  const decision = decide(
    { remaining_ms, best, last_change_ms, proposal_in_flight: proposal !== null },
    { trigger: occasion.trigger, at_ms: occasion.event_clock_ms },
    surroundings.reroute,
  );
  const old_eta_ms = remaining_ms === null || remaining_ms === Infinity ? null : asOfMs(vehicle) + remaining_ms;
  if (trip === null || decision.kind !== 'apply') {
    const reason = typeof found === 'string' ? `${REASON}: ${found}` : REASON;
    record(step, vehicle, { ...occasion, reason }, { outcome: 'no_route', gain_ms: 0, old_eta_ms, new_eta_ms: null });
    step.outbox.touch(occasion.tenant_id, vehicle, { plan: true });
    return;
  }
  const { way } = trip;
  const new_eta_ms = Math.max(asOfMs(vehicle), occasion.event_ms) + way.duration_ms;
  closeProposal(step, vehicle, { occasion, outcome: 'expired', reason: REASON });
  record(step, vehicle, occasion, { outcome: 'applied', old_eta_ms, new_eta_ms, gain_ms: 0, ...drawn(step, way) });
  beginTrip(step, vehicle, { command, trip, cause: 'orders' });
}

/** A stop that can't be reached is the business of whoever gave the order: the vehicle keeps its plan. */
function tripOrWhyNot(world: World, command: OrdersCommand): Trip | string {
  try {
    return findTrip(world, command);
  } catch (error) {
    if (isNervelineError(error, 'NL-FLT-004') || isNervelineError(error, 'NL-FLT-005')) return error.detail;
    throw error;
  }
}
