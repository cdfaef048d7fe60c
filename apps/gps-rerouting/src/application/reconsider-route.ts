import { unreachable } from '@nerveline/kernel';
import { decide, type BestWay, type RerouteDecision } from '../domain/rerouting/decide';
import { asOfMs, type Plan, type PlanCause, type Vehicle } from '../domain/fleet/vehicle';
import { CLOSED } from '../domain/routing/metric';
import type { EdgePlace } from '../domain/routing/router';
import { wayThrough, type Way } from '../domain/routing/route-through';
import type { RouteLine } from '../domain/tracking/route-line';
import { followNewWay } from './follow-way';
import { closeProposal, drawn, record, type Occasion } from './record-decision';
import type { Step } from './step';

interface Ahead {
  readonly plan: Plan;
  readonly line: RouteLine;
}

/** Looks for the best way from where a vehicle is, decides, and brings about what was decided. */
export function reconsiderRoute(step: Step, vehicle: Vehicle, occasion: Occasion): void {
  const { plan, line } = vehicle;
  if (plan === null || line === null || vehicle.arrived_ms !== null) return;
  const from = startOf(step, vehicle, { plan, line });
  if (from === undefined) return;
  const fleet = step.world.fleet(occasion.tenant_id);
  const { engine, reroute } = step.world.surroundings;
  const off_route = vehicle.off_route.off_route;
  const stops = plan.stops.slice(vehicle.stops_done).map(({ ends }) => ends);
  const way = wayThrough(engine, { from: [from], stops, weights_ms: fleet.metric.weights_ms });
  const remaining_ms = off_route ? null : line.remainingMs(vehicle.place, fleet.metric);
  const best = way === undefined ? null : bestWay(way, vehicle, { plan, line }, fleet.metric.weights_ms);
  const decision = decide(
    { remaining_ms, best, last_change_ms: vehicle.last_change_ms, proposal_in_flight: vehicle.proposal !== null },
    { trigger: occasion.trigger, at_ms: occasion.event_clock_ms },
    reroute,
  );
  if (off_route) vehicle.last_look_ms = occasion.event_clock_ms;
  carryOut(step, vehicle, { occasion, decision, way, remaining_ms, plan, line });
}

/** On its route a vehicle is where its progress says; off it, on the road that is nearest in its direction. */
function startOf(step: Step, vehicle: Vehicle, { plan, line }: Ahead): EdgePlace | undefined {
  const { snap, tracking } = step.world.surroundings;
  if (!vehicle.off_route.off_route) {
    const edge = plan.way.segment_ids[line.segmentIndex(vehicle.place)];
    return edge === undefined ? undefined : { edge, fraction: line.fractionAt(vehicle.place) };
  }
  if (vehicle.fix === null) return undefined;
  const moving = vehicle.fix.speed_mps >= tracking.heading_gate_mps;
  return snap.nearest(
    {
      place: vehicle.fix,
      radius_m: tracking.snap_m,
      ...(moving && { heading_deg: vehicle.fix.heading_deg }),
    },
    1,
  )[0];
}

function bestWay(way: Way, vehicle: Vehicle, { plan, line }: Ahead, weights_ms: Uint32Array): BestWay {
  const index = line.segmentIndex(vehicle.place);
  const common = commonSegments(way.segment_ids, plan.way.segment_ids, index);
  const same = common === way.segment_ids.length && index + common === plan.way.segment_ids.length;
  if (same || vehicle.off_route.off_route) return { remaining_ms: way.duration_ms, fork: null };
  const fork_m = line.segmentStartM(Math.min(index + common, plan.way.segment_ids.length));
  let time_ms = 0;
  for (let ahead = 0; ahead < common; ahead++) {
    const weight = weights_ms[plan.way.segment_ids[index + ahead] ?? -1] ?? CLOSED;
    if (weight === CLOSED) continue;
    time_ms += ahead === 0 ? weight * (1 - line.fractionAt(vehicle.place)) : weight;
  }
  const distance_m = Math.max(0, fork_m - vehicle.place.offset_m);
  return { remaining_ms: way.duration_ms, fork: { distance_m, time_ms: Math.round(time_ms) } };
}

function commonSegments(a: readonly number[], b: readonly number[], b_from: number): number {
  let common = 0;
  while (common < a.length && a[common] === b[b_from + common]) common++;
  return common;
}

interface Outcome extends Ahead {
  readonly occasion: Occasion;
  readonly decision: RerouteDecision;
  readonly way: Way | undefined;
  readonly remaining_ms: number | null;
}

function carryOut(step: Step, vehicle: Vehicle, outcome: Outcome): void {
  const { decision, occasion, way, remaining_ms } = outcome;
  const as_of_ms = asOfMs(vehicle);
  const eta = (rest_ms: number | null) => (rest_ms === null || rest_ms === Infinity ? null : as_of_ms + rest_ms);
  const old_eta_ms = eta(remaining_ms);
  const new_eta_ms = way === undefined ? null : eta(way.duration_ms);
  switch (decision.kind) {
    case 'leave_alone': {
      const { because, gain_ms } = decision;
      record(step, vehicle, occasion, { outcome: 'left_alone', because, gain_ms, old_eta_ms, new_eta_ms });
      break;
    }
    case 'no_route':
      record(step, vehicle, occasion, { outcome: 'no_route', gain_ms: 0, old_eta_ms, new_eta_ms: null });
      break;
    case 'propose':
      if (way !== undefined && old_eta_ms !== null && new_eta_ms !== null) {
        propose(step, vehicle, { ...outcome, way, old_eta_ms, new_eta_ms, gain_ms: decision.gain_ms });
      }
      break;
    case 'apply':
      if (way !== undefined) apply(step, vehicle, { ...outcome, way, old_eta_ms, new_eta_ms });
      break;
    default:
      unreachable(decision);
  }
  step.outbox.touch(occasion.tenant_id, vehicle, { plan: true });
}

interface Offer extends Outcome {
  readonly way: Way;
  readonly old_eta_ms: number;
  readonly new_eta_ms: number;
  readonly gain_ms: number;
}

function propose(step: Step, vehicle: Vehicle, offer: Offer): void {
  const { occasion, way, plan, line, old_eta_ms, new_eta_ms, gain_ms } = offer;
  const index = line.segmentIndex(vehicle.place);
  const common = commonSegments(way.segment_ids, plan.way.segment_ids, index);
  const expires_at_ms = occasion.event_clock_ms + step.world.surroundings.reroute.proposal_ttl_ms;
  const proposal_id = record(step, vehicle, occasion, {
    outcome: 'proposed',
    old_eta_ms,
    new_eta_ms,
    gain_ms,
    expires_at_ms,
    ...drawn(step, way),
  });
  vehicle.proposal = {
    proposal_id,
    trigger: occasion.trigger,
    incident_id: occasion.incident_id,
    reason: occasion.reason,
    way,
    stops_done: vehicle.stops_done,
    from_index: index,
    fork_offset_m: line.segmentStartM(Math.min(index + common, plan.way.segment_ids.length)),
    old_eta_ms,
    new_eta_ms,
    gain_ms,
    expires_at_ms,
  };
}

interface Change extends Outcome {
  readonly way: Way;
  readonly old_eta_ms: number | null;
  readonly new_eta_ms: number | null;
}

function apply(step: Step, vehicle: Vehicle, change: Change): void {
  const { occasion, way, plan, old_eta_ms, new_eta_ms } = change;
  closeProposal(step, vehicle, { occasion, outcome: 'expired', reason: 'the route was changed meanwhile' });
  record(step, vehicle, occasion, { outcome: 'applied', old_eta_ms, new_eta_ms, gain_ms: 0, ...drawn(step, way) });
  const cause: PlanCause = vehicle.off_route.off_route ? 'off_route' : 'closure';
  followNewWay(step, vehicle, { occasion, way, cause, stops: plan.stops.slice(vehicle.stops_done) });
}
