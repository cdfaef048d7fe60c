import fc from 'fast-check';
import { decide, type RerouteDecision, type RerouteEvent, type RerouteState, type Trigger } from './decide';
import { reroutePolicy as policy } from './reroute-policy';

const AT_MS = 1_700_000_000_000;
const far = { distance_m: 5 * policy.min_fork_m, time_ms: 5 * policy.min_fork_ms };
const MINUTE_MS = 60_000;

const jam: RerouteEvent = { trigger: 'jam', at_ms: AT_MS };
/** Half an hour to go, ten minutes to win. */
const worthIt: RerouteState = {
  remaining_ms: 30 * MINUTE_MS,
  best: { remaining_ms: 20 * MINUTE_MS, fork: far },
  last_change_ms: null,
  proposal_in_flight: false,
};

const leftAlone = (because: string): unknown => expect.objectContaining({ kind: 'leave_alone', because });

describe('decide', () => {
  it('gives a vehicle whose stops changed the best way there is, however little it gains and whatever was asked', () => {
    const orders: RerouteEvent = { trigger: 'orders', at_ms: AT_MS };
    const busy = { ...worthIt, remaining_ms: 1, last_change_ms: AT_MS, proposal_in_flight: true };
    expect(decide(busy, orders, policy)).toEqual({ kind: 'apply', gain_ms: 0 });
    expect(decide({ ...busy, best: null }, orders, policy)).toEqual({ kind: 'no_route' });
    expect(decide({ ...busy, remaining_ms: null }, orders, policy)).toEqual({ kind: 'apply', gain_ms: 0 });
  });

  it.each<[string, Partial<RerouteState>, unknown]>([
    ['a good way far ahead is proposed', {}, { kind: 'propose', gain_ms: 10 * MINUTE_MS }],
    ['the best way already', { best: { remaining_ms: 20 * MINUTE_MS, fork: null } }, leftAlone('already_best')],
    [
      'a gain of less than the minutes that count',
      { best: { remaining_ms: 30 * MINUTE_MS - policy.min_gain_ms + 1, fork: far } },
      leftAlone('gain_too_small'),
    ],
    [
      'a gain of enough minutes but a small share of a long way',
      { remaining_ms: 600 * MINUTE_MS, best: { remaining_ms: 598 * MINUTE_MS, fork: far } },
      leftAlone('gain_too_small'),
    ],
    [
      'a turn that is a few metres ahead',
      { best: { remaining_ms: 20 * MINUTE_MS, fork: { ...far, distance_m: policy.min_fork_m - 1 } } },
      leftAlone('fork_too_near'),
    ],
    [
      'a turn that is a few seconds ahead',
      { best: { remaining_ms: 20 * MINUTE_MS, fork: { ...far, time_ms: policy.min_fork_ms - 1 } } },
      leftAlone('fork_too_near'),
    ],
    ['a route that changed a moment ago', { last_change_ms: AT_MS - 1_000 }, leftAlone('changed_recently')],
    [
      'a route that changed long enough ago',
      { last_change_ms: AT_MS - policy.min_since_change_ms },
      { kind: 'propose', gain_ms: 10 * MINUTE_MS },
    ],
    ['another question that is still open', { proposal_in_flight: true }, leftAlone('proposal_in_flight')],
    ['a closure on the way', { remaining_ms: Infinity }, { kind: 'apply', gain_ms: 0 }],
    [
      'a closure on the way, however near, recent or asked about',
      {
        remaining_ms: Infinity,
        proposal_in_flight: true,
        last_change_ms: AT_MS - 1,
        best: { remaining_ms: 1, fork: { distance_m: 0, time_ms: 0 } },
      },
      { kind: 'apply', gain_ms: 0 },
    ],
    ['closures that cut every way', { remaining_ms: Infinity, best: null }, { kind: 'no_route' }],
    ['a vehicle off its route', { remaining_ms: null }, { kind: 'apply', gain_ms: 0 }],
    [
      'a vehicle off its route that was just put on it',
      { remaining_ms: null, last_change_ms: AT_MS },
      leftAlone('changed_recently'),
    ],
    ['a vehicle off its route without a way', { remaining_ms: null, best: null }, { kind: 'no_route' }],
  ])('%s', (_what, state, expected) => {
    expect(decide({ ...worthIt, ...state }, jam, policy)).toEqual(expected);
  });

  const anyTime = fc.integer({ min: 0, max: 10_000_000 });
  const anyState: fc.Arbitrary<RerouteState> = fc.record({
    remaining_ms: fc.oneof(anyTime, fc.constant(Infinity), fc.constant(null)),
    best: fc.option(
      fc.record({
        remaining_ms: anyTime,
        fork: fc.option(fc.record({ distance_m: fc.integer({ min: 0, max: 9_000 }), time_ms: anyTime })),
      }),
    ),
    last_change_ms: fc.option(fc.integer({ min: AT_MS - 1_000_000, max: AT_MS })),
    proposal_in_flight: fc.boolean(),
  });

  it('is total, and proposes nothing that breaks one of its own thresholds', () => {
    const triggers: Trigger[] = ['jam', 'closure', 'weather', 'cleared', 'off_route'];
    fc.assert(
      fc.property(anyState, fc.constantFrom(...triggers), (state, trigger) => {
        const decision: RerouteDecision = decide(state, { trigger, at_ms: AT_MS }, policy);
        if (decision.kind === 'apply') expect([Infinity, null]).toContain(state.remaining_ms);
        if (decision.kind === 'no_route') expect(state.best).toBeNull();
        if (decision.kind !== 'propose') return;
        expect(state.proposal_in_flight).toBe(false);
        expect(decision.gain_ms).toBeGreaterThanOrEqual(policy.min_gain_ms);
        expect(decision.gain_ms).toBeGreaterThanOrEqual(policy.min_gain_share * (state.remaining_ms ?? 0));
        expect(state.best?.fork?.distance_m).toBeGreaterThanOrEqual(policy.min_fork_m);
        expect(AT_MS - (state.last_change_ms ?? 0)).toBeGreaterThanOrEqual(policy.min_since_change_ms);
      }),
      { numRuns: 2_000 },
    );
  });
});
