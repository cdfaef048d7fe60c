import type { DepotId, ProposalId, VehicleId } from '@nerveline/contracts';
import type { Trigger } from '../rerouting/decide';
import type { EdgePlace } from '../routing/router';
import type { Way } from '../routing/route-through';
import { ON_ROUTE, type OffRouteState } from '../tracking/off-route';
import type { LinePlace, RouteLine } from '../tracking/route-line';

/** The last fix that was taken, late and doubled ones told apart by its time. */
export interface LastFix {
  readonly lat: number;
  readonly lon: number;
  readonly speed_mps: number;
  readonly heading_deg: number;
  readonly event_ms: number;
}

export interface PlannedStop {
  readonly lat: number;
  readonly lon: number;
  readonly label: string;
  /** The places on the road that serve it. */
  readonly ends: readonly EdgePlace[];
}

export type PlanCause = 'planned' | 'proposal_accepted' | 'off_route' | 'closure' | 'orders';

/** What a vehicle follows. `way.stops` and `stops` go together. */
export interface Plan {
  readonly plan_version: number;
  readonly cause: PlanCause;
  readonly made_ms: number;
  /** As it was when the trip was planned: decisions must not depend on a look-up that a replay can't repeat. */
  readonly depot_id: DepotId | null;
  readonly way: Way;
  readonly stops: readonly PlannedStop[];
  /** Arrival at the last stop as the trip was first planned; null when the time was unknown. */
  readonly promised_eta_ms: number;
  /** The incident that this plan goes around. */
  readonly around_incident_id: string | null;
}

/** A better way that waits for an answer. */
export interface Proposal {
  readonly proposal_id: ProposalId;
  readonly trigger: Trigger;
  readonly incident_id: string | null;
  readonly reason: string;
  readonly way: Way;
  /** How many stops of the present plan were behind when it was made; the way serves the others. */
  readonly stops_done: number;
  /** Where the vehicle was in its plan: the segment by its place in the way. The two ways are one until the fork. */
  readonly from_index: number;
  /** On the present route. */
  readonly fork_offset_m: number;
  readonly old_eta_ms: number;
  readonly new_eta_ms: number;
  readonly gain_ms: number;
  readonly expires_at_ms: number;
}

/** What is known of one vehicle. Everything but the line is kept in the state beside the log. */
export interface Vehicle {
  readonly vehicle_id: VehicleId;
  fix: LastFix | null;
  plan: Plan | null;
  line: RouteLine | null;
  place: LinePlace;
  stops_done: number;
  /** When it reached its last stop; null while it is under way. */
  arrived_ms: number | null;
  off_route: OffRouteState;
  proposal: Proposal | null;
  /** When the route was last changed, by whatever it was. */
  last_change_ms: number | null;
  /** When a vehicle off its route was last looked at; it is looked at again only after a while. */
  last_look_ms: number | null;
  /** The last version of the weights whose change was decided for it. */
  judged_version: number;
  plan_count: number;
  decision_count: number;
}

export const NOWHERE: LinePlace = { piece: 0, offset_m: 0 };

export function newVehicle(vehicle_id: VehicleId): Vehicle {
  return {
    vehicle_id,
    fix: null,
    plan: null,
    line: null,
    place: NOWHERE,
    stops_done: 0,
    arrived_ms: null,
    off_route: ON_ROUTE,
    proposal: null,
    last_change_ms: null,
    last_look_ms: null,
    judged_version: 0,
    plan_count: 0,
    decision_count: 0,
  };
}

/** The time that what we know of a vehicle is of. */
export function asOfMs(vehicle: Vehicle): number {
  return Math.max(vehicle.fix?.event_ms ?? 0, vehicle.plan?.made_ms ?? 0);
}
