import type { ReroutePolicy } from './reroute-policy';

export type Trigger = 'jam' | 'closure' | 'weather' | 'cleared' | 'off_route' | 'orders';

/** The best way from where the vehicle is, on the same weights. */
export interface BestWay {
  readonly remaining_ms: number;
  /** How far ahead, and how long from now, it leaves the present route; null when it never does. */
  readonly fork: { readonly distance_m: number; readonly time_ms: number } | null;
}

export interface RerouteState {
  /** What the present route still takes; Infinity when something ahead of it is closed, null when the vehicle left it. */
  readonly remaining_ms: number | null;
  /** Null when closures cut every way. */
  readonly best: BestWay | null;
  readonly last_change_ms: number | null;
  readonly proposal_in_flight: boolean;
}

export interface RerouteEvent {
  readonly trigger: Trigger;
  readonly at_ms: number;
}

export type LeftAloneBecause =
  'already_best' | 'gain_too_small' | 'fork_too_near' | 'changed_recently' | 'proposal_in_flight';

export type RerouteDecision =
  | { readonly kind: 'propose'; readonly gain_ms: number }
  | { readonly kind: 'apply'; readonly gain_ms: number }
  | { readonly kind: 'leave_alone'; readonly because: LeftAloneBecause; readonly gain_ms: number }
  | { readonly kind: 'no_route' };

/**
 * The rule. A vehicle that left its route, whose route is closed ahead, or whose stops are others now, needs another
 * one: it gets the best there is at once, whatever it gains, or the word that there is none. Everybody else is asked only when the gain is worth
 * it in minutes and in share, the turn is far enough ahead, the route was not changed a moment ago and no other
 * question is open; otherwise they are left alone, and the decision says why.
 */
export function decide(state: RerouteState, event: RerouteEvent, policy: ReroutePolicy): RerouteDecision {
  const { remaining_ms, best, last_change_ms } = state;
  if (event.trigger === 'orders') return best === null ? { kind: 'no_route' } : { kind: 'apply', gain_ms: 0 };
  const since_change_ms = last_change_ms === null ? Infinity : event.at_ms - last_change_ms;
  if (remaining_ms === null) {
    if (since_change_ms < policy.min_between_replans_ms) return leaveAlone('changed_recently', 0);
    return best === null ? { kind: 'no_route' } : { kind: 'apply', gain_ms: 0 };
  }
  if (best === null) return { kind: 'no_route' };
  if (remaining_ms === Infinity) return { kind: 'apply', gain_ms: 0 };
  const gain_ms = Math.max(0, remaining_ms - best.remaining_ms);
  if (best.fork === null) return leaveAlone('already_best', gain_ms);
  if (gain_ms < policy.min_gain_ms || gain_ms < policy.min_gain_share * remaining_ms) {
    return leaveAlone('gain_too_small', gain_ms);
  }
  if (state.proposal_in_flight) return leaveAlone('proposal_in_flight', gain_ms);
  if (since_change_ms < policy.min_since_change_ms) return leaveAlone('changed_recently', gain_ms);
  if (best.fork.distance_m < policy.min_fork_m || best.fork.time_ms < policy.min_fork_ms) {
    return leaveAlone('fork_too_near', gain_ms);
  }
  return { kind: 'propose', gain_ms };
}

const leaveAlone = (because: LeftAloneBecause, gain_ms: number): RerouteDecision => ({
  kind: 'leave_alone',
  because,
  gain_ms,
});
