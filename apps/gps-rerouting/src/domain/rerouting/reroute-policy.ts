/** When another route is worth a driver's attention. */
export interface ReroutePolicy {
  /** Named in every decision: a replay uses the policy that decided. */
  readonly version: string;
  readonly min_gain_ms: number;
  /** Of the time that the present route still takes. */
  readonly min_gain_share: number;
  /** The turn must be at least this far ahead, in metres and in time: nobody is asked in the middle of a junction. */
  readonly min_fork_m: number;
  readonly min_fork_ms: number;
  /** Since the last change of the route. */
  readonly min_since_change_ms: number;
  /** Between two looks for a new route of a vehicle that left its plan. */
  readonly min_between_replans_ms: number;
  /** How long a driver or dispatcher has for an answer, by the event clock. */
  readonly proposal_ttl_ms: number;
}

export const reroutePolicy: ReroutePolicy = {
  version: '1',
  min_gain_ms: 90_000,
  min_gain_share: 0.08,
  min_fork_m: 100,
  min_fork_ms: 8_000,
  min_since_change_ms: 120_000,
  min_between_replans_ms: 15_000,
  proposal_ttl_ms: 180_000,
};
