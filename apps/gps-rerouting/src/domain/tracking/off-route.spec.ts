import fc from 'fast-check';
import { judgeOffRoute, ON_ROUTE, type OffRouteState, type Sighting } from './off-route';
import { trackingPolicy } from './tracking-policy';

const policy = trackingPolicy.off_route;

/** A drive along the x axis at 10 m/s, one fix a second, each so far beside the route. */
function drive(distances_m: readonly number[], more: Partial<Sighting> = {}): OffRouteState[] {
  let state = ON_ROUTE;
  return distances_m.map((distance_m, second) => {
    const fix = { x_m: second * 10, y_m: distance_m, event_ms: second * 1_000, distance_m, accuracy_m: 5 };
    state = judgeOffRoute(state, { ...fix, implied_mps: 10, ...more }, policy);
    return state;
  });
}

const changes = (states: readonly OffRouteState[]): number =>
  states.filter((state, index) => state.off_route !== (states[index - 1]?.off_route ?? false)).length;

const repeat = (distance_m: number, count: number): number[] => new Array<number>(count).fill(distance_m);

describe('the off-route rule', () => {
  it('calls a vehicle that drives away off its route within ten seconds, once', () => {
    const states = drive([...repeat(3, 5), ...Array.from({ length: 20 }, (_, n) => 10 + n * 12)]);
    expect(states.findIndex(({ off_route }) => off_route)).toBeLessThanOrEqual(5 + 10);
    expect(changes(states)).toBe(1);
  });

  it('leaves a vehicle alone that drives on a road beside its route, however long', () => {
    expect(changes(drive(repeat(policy.leave_m, 300)))).toBe(0);
  });

  it('does not flap on a parallel road at the limit, with noise to both sides', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -14, max: 14, noNaN: true }), { minLength: 60, maxLength: 200 }),
        (noise) => {
          expect(changes(drive(noise.map((offset_m) => policy.leave_m + offset_m)))).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  it('is not moved by a jump of the receiver', () => {
    const before = drive(repeat(2, 10)).at(-1) ?? ON_ROUTE;
    const jump = { x_m: 5_000, y_m: 900, event_ms: 11_000, distance_m: 900, accuracy_m: 5, implied_mps: 5_000 };
    expect(judgeOffRoute(before, jump, policy)).toBe(before);
  });

  it('is not moved by a few far fixes between good ones', () => {
    expect(changes(drive([2, 200, 220, 3, 210, 190, 2, 250, 240, 3]))).toBe(0);
  });

  it('lets a parked vehicle drift', () => {
    let state = ON_ROUTE;
    for (let second = 0; second < 600; second++) {
      // Forty metres from the road, wandering within twenty.
      const [x_m, y_m] = [10 * Math.sin(second / 7), 60 + 10 * Math.cos(second / 5)];
      const fix = { x_m, y_m, event_ms: second * 1_000, distance_m: y_m, accuracy_m: 8, implied_mps: 2 };
      state = judgeOffRoute(state, fix, policy);
      expect(state.off_route).toBe(false);
    }
  });

  it('listens to no inaccurate fix', () => {
    expect(changes(drive(repeat(500, 60), { accuracy_m: policy.accuracy_gate_m + 1 }))).toBe(0);
  });

  it('takes a vehicle back that came back, and not one that only crosses the route', () => {
    const away = [...repeat(2, 3), ...repeat(200, 20)];
    expect(changes(drive([...away, ...repeat(4, 10)]))).toBe(2);
    expect(changes(drive([...away, 4, ...repeat(200, 20)]))).toBe(1);
  });

  it('changes at most once for every two good fixes, whatever comes', () => {
    const anyFix = fc.record({
      distance_m: fc.double({ min: 0, max: 300, noNaN: true }),
      accuracy_m: fc.option(fc.double({ min: 0, max: 200, noNaN: true }), { nil: undefined }),
      implied_mps: fc.double({ min: 0, max: 200, noNaN: true }),
      x_m: fc.double({ min: -500, max: 500, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(anyFix, { maxLength: 200 }), (fixes) => {
        let state = ON_ROUTE;
        const states = fixes.map((fix, second) => {
          state = judgeOffRoute(state, { ...fix, y_m: 0, event_ms: second * 1_000 }, policy);
          return state;
        });
        expect(changes(states)).toBeLessThanOrEqual(Math.ceil(fixes.length / policy.back_fixes));
      }),
    );
  });
});
