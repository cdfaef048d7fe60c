import type { FleetCommand, RerouteDecision, VehiclePlan } from '@nerveline/contracts';
import { NervelineError, unreachable } from '@nerveline/kernel';
import type { PlannedStop, Proposal, Vehicle } from '../domain/fleet/vehicle';
import type { LatLon } from '../domain/graph/geo';
import type { EdgePlace } from '../domain/routing/router';
import { wayThrough, type Way } from '../domain/routing/route-through';
import { beginTrip, followNewWay } from './follow-way';
import { closeProposal } from './record-decision';
import { settleVehicle } from './settle-change';
import type { Step } from './step';
import type { World } from './world';

export type PlanCommand = Extract<FleetCommand, { kind: 'plan' }>;
export type AnswerCommand = Extract<FleetCommand, { kind: 'answer' }>;

/** A trip that was found to be possible. */
export interface Trip {
  readonly way: Way;
  readonly stops: readonly PlannedStop[];
}

/** How far from the road a start or stop may lie: a yard, a car park. */
export const STOP_RADIUS_M = 400;

/**
 * Finds the way over the stops without changing anything.
 *
 * @throws NervelineError `NL-FLT-004` naming the place without a road nearby, `NL-FLT-005` when closures cut every way
 */
export function findTrip(world: World, command: Pick<PlanCommand, 'tenant_id' | 'from' | 'stops'>): Trip {
  const { snap, engine } = world.surroundings;
  const ends = (place: LatLon, field: string, what: string): EdgePlace[] => {
    const found = snap.ends({ place, radius_m: STOP_RADIUS_M });
    if (found.length > 0) return found.map(({ edge, fraction }) => ({ edge, fraction }));
    throw new NervelineError('NL-FLT-004', { detail: `no road within ${STOP_RADIUS_M} m of the ${what}`, field });
  };
  const from = ends(command.from, 'from', 'start');
  const stops = command.stops.map(({ lat, lon, label }) => {
    return { lat, lon, label, ends: ends({ lat, lon }, 'to', `stop '${label}'`) };
  });
  const { weights_ms } = world.fleet(command.tenant_id).metric;
  const way = wayThrough(engine, { from, stops: stops.map((stop) => stop.ends), weights_ms });
  if (way !== undefined) return { way, stops };
  throw new NervelineError('NL-FLT-005', { detail: 'no route leads there: closures cut every way', field: 'to' });
}

/** Gives a vehicle a new trip. The command is in the log, or on its way into it. */
export function takePlan(step: Step, command: PlanCommand, trip: Trip): VehiclePlan {
  const { tenant_id, event_ms, read_vector } = command;
  const vehicle = step.world.fleet(tenant_id).vehicle(command.vehicle_id);
  settleVehicle(step, tenant_id, vehicle);
  const occasion = { tenant_id, event_ms, event_clock_ms: read_vector.event_clock_ms };
  closeProposal(step, vehicle, { occasion, outcome: 'expired', reason: 'a new trip was planned' });
  return beginTrip(step, vehicle, { command, trip, cause: 'planned' });
}

/** Closes the open proposal as the command says; undefined when it isn't open. */
export function takeAnswer(step: Step, command: AnswerCommand): RerouteDecision | undefined {
  const { tenant_id, vehicle_id, answer, event_ms, read_vector } = command;
  const vehicle = step.world.fleet(tenant_id).vehicle(vehicle_id);
  settleVehicle(step, tenant_id, vehicle);
  const { proposal } = vehicle;
  if (proposal === null || proposal.proposal_id !== command.proposal_id) return undefined;
  const occasion = { tenant_id, event_ms, event_clock_ms: read_vector.event_clock_ms };
  switch (answer) {
    case 'declined':
      return closeProposal(step, vehicle, { occasion, outcome: 'declined' });
    case 'expired':
      return closeProposal(step, vehicle, { occasion, outcome: 'expired', reason: 'nobody answered in time' });
    case 'accepted':
      return accept(step, vehicle, { command, proposal });
    default:
      return unreachable(answer);
  }
}

/** Before the fork both ways are one, so the vehicle is as far on the new one as it is on the old. */
function accept(
  step: Step,
  vehicle: Vehicle,
  { command, proposal }: { readonly command: AnswerCommand; readonly proposal: Proposal },
): RerouteDecision | undefined {
  const { tenant_id, event_ms, read_vector } = command;
  const { trigger, incident_id, reason, way } = proposal;
  const occasion = { tenant_id, trigger, incident_id, reason, event_ms, event_clock_ms: read_vector.event_clock_ms };
  const { plan, line } = vehicle;
  if (plan === null || line === null) return undefined;
  const offset_m = Math.max(0, vehicle.place.offset_m - line.segmentStartM(proposal.from_index));
  const at = { offset_m, stops_done: vehicle.stops_done - proposal.stops_done };
  const decision = closeProposal(step, vehicle, { occasion, outcome: 'accepted' });
  const stops = plan.stops.slice(proposal.stops_done);
  followNewWay(step, vehicle, { occasion, way, cause: 'proposal_accepted', stops, at });
  return decision;
}
