import fc from 'fast-check';
import { syntheticCity } from '../city/synthetic-city';
import { CLOSED, Metric, type Incident } from './metric';

const { graph } = syntheticCity(1, 600);

const anyIncident: fc.Arbitrary<Incident> = fc.record({
  incident_id: fc.constantFrom('a', 'b', 'c', 'd'),
  kind: fc.constantFrom('jam' as const, 'closure' as const, 'weather' as const),
  segment_ids: fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 10 }),
  speed_factor: fc.double({ min: 0.01, max: 1, noNaN: true }),
  reason: fc.constant('x'),
  ends_at_ms: fc.constant(null),
});
const anyStep = fc.oneof(anyIncident, fc.constantFrom('a', 'b', 'c', 'd'));

describe('Metric', () => {
  it('has the same weights however its incidents came and went, and free ones when all are gone', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 30 }), (steps) => {
        const metric = new Metric(graph);
        const last = new Map<string, Incident>();
        for (const step of steps) {
          const before = metric.weights_ms.slice();
          const changed = typeof step === 'string' ? metric.clear(step) : metric.apply(step);
          const differing = [...before.keys()].filter((edge) => before[edge] !== metric.weights_ms[edge]);
          expect([...changed].sort((a, b) => a - b)).toEqual(differing);
          if (typeof step === 'string') last.delete(step);
          else last.set(step.incident_id, step);
        }
        const fresh = new Metric(graph);
        for (const incident of last.values()) fresh.apply(incident);
        expect(metric.weights_ms).toEqual(fresh.weights_ms);
        expect(metric.version).toBe(steps.length);
        for (const incident_id of last.keys()) metric.clear(incident_id);
        expect(metric.weights_ms).toEqual(graph.arrays.edge_free_ms);
      }),
    );
  });

  it('lets a closure win over everything, and multiplies the worst jam with the worst weather', () => {
    const metric = new Metric(graph);
    const on = { segment_ids: [3], reason: 'x', ends_at_ms: null };
    metric.apply({ ...on, incident_id: 'j', kind: 'jam', speed_factor: 0.5 });
    metric.apply({ ...on, incident_id: 'k', kind: 'jam', speed_factor: 0.25 });
    metric.apply({ ...on, incident_id: 'w', kind: 'weather', speed_factor: 0.5 });
    expect(metric.speed_factors[3]).toBeCloseTo(0.125);
    expect(metric.weights_ms[3]).toBe((graph.arrays.edge_free_ms[3] ?? 0) * 8);
    metric.apply({ ...on, incident_id: 'c', kind: 'closure', speed_factor: 0 });
    expect(metric.weights_ms[3]).toBe(CLOSED);
  });
});
