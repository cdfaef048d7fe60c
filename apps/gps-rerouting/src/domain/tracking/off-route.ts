/** When a vehicle counts as having left its route, and as being back. */
export interface OffRoutePolicy {
  /** Further than this from the route, the fix's accuracy added, speaks for having left it. */
  readonly leave_m: number;
  /** Nearer than this, the accuracy added, speaks for being back. Below `leave_m`: between them nothing changes. */
  readonly back_m: number;
  /** A fix less accurate than this says nothing. */
  readonly accuracy_gate_m: number;
  /** What an unknown accuracy is taken for. */
  readonly usual_accuracy_m: number;
  /** Fixes that must agree before the vehicle counts as off its route... */
  readonly leave_fixes: number;
  /** ... the time that they must span... */
  readonly leave_ms: number;
  /** ... and how far from the first of them it must have got: a parked vehicle's fixes wander, but stay. */
  readonly leave_travel_m: number;
  /** Fixes that must agree before it counts as back. */
  readonly back_fixes: number;
  /** Faster than any vehicle: such a fix is a jump of the receiver. */
  readonly jump_mps: number;
}

export interface OffRouteState {
  readonly off_route: boolean;
  /** Fixes in a row that spoke for the other state. */
  readonly evidence: number;
  /** The first of them, on the map's plane. */
  readonly since: { readonly event_ms: number; readonly x_m: number; readonly y_m: number } | null;
}

/** What a fix shows. */
export interface Sighting {
  readonly x_m: number;
  readonly y_m: number;
  readonly event_ms: number;
  readonly distance_m: number;
  readonly accuracy_m: number | undefined;
  /** From the fix before, as received. */
  readonly implied_mps: number;
}

export const ON_ROUTE: OffRouteState = { off_route: false, evidence: 0, since: null };
const OFF_ROUTE: OffRouteState = { off_route: true, evidence: 0, since: null };

/**
 * The one off-route rule. A state changes only when several good fixes in a row say so; those in the band between the
 * two distances speak for neither and break a row. Jumps and inaccurate fixes are passed over as if they had not come.
 */
export function judgeOffRoute(state: OffRouteState, sighting: Sighting, policy: OffRoutePolicy): OffRouteState {
  const accuracy_m = sighting.accuracy_m ?? policy.usual_accuracy_m;
  if (accuracy_m > policy.accuracy_gate_m || sighting.implied_mps > policy.jump_mps) return state;
  const settled = state.off_route ? OFF_ROUTE : ON_ROUTE;
  const speaks_for_change = state.off_route
    ? sighting.distance_m <= policy.back_m + accuracy_m
    : sighting.distance_m > policy.leave_m + accuracy_m;
  if (!speaks_for_change) return settled;
  const since = state.since ?? { event_ms: sighting.event_ms, x_m: sighting.x_m, y_m: sighting.y_m };
  const evidence = state.evidence + 1;
  if (state.off_route) return evidence >= policy.back_fixes ? ON_ROUTE : { off_route: true, evidence, since };
  const travelled_m = Math.hypot(sighting.x_m - since.x_m, sighting.y_m - since.y_m);
  const left =
    evidence >= policy.leave_fixes &&
    sighting.event_ms - since.event_ms >= policy.leave_ms &&
    travelled_m >= policy.leave_travel_m;
  return left ? OFF_ROUTE : { off_route: false, evidence, since };
}
