import type { TenantId, TrafficIncident } from '@nerveline/contracts';
import type { Vehicle } from '../domain/fleet/vehicle';
import type { Incident } from '../domain/routing/metric';
import { reconsiderRoute } from './reconsider-route';
import type { Step } from './step';

/** What is left of the free speed in a jam or in weather whose reporter didn't say. */
const USUAL_FACTOR = { jam: 0.3, weather: 0.7 } as const;

/** The part of a report that weights depend on. */
export function incidentOf(report: Omit<TrafficIncident, 'vehicles_hit' | 'metric_version'>): Incident | undefined {
  const { kind, incident_id, segment_ids, reason, ends_at_ms } = report;
  if (kind === 'cleared') return undefined;
  const speed_factor = kind === 'closure' ? 0 : (report.speed_factor ?? USUAL_FACTOR[kind]);
  return { incident_id, kind, segment_ids, speed_factor, reason, ends_at_ms };
}

/** Changes the live weights; gives the vehicles that have one of the changed segments ahead. */
export function applyTraffic(step: Step, tenant_id: TenantId, report: Parameters<typeof incidentOf>[0]): Vehicle[] {
  const fleet = step.world.fleet(tenant_id);
  const incident = incidentOf(report);
  const changed = incident === undefined ? fleet.metric.clear(report.incident_id) : fleet.metric.apply(incident);
  return fleet.hitBy(changed);
}

/**
 * Decides for each vehicle that a change concerns, on the weights after it: those that it hits, and when it was lifted
 * those that were led around it. Everybody that it hits gets a fresh time of arrival in any case.
 */
export function decideForHit(step: Step, report: TrafficIncident, hit: readonly Vehicle[]): void {
  const { tenant_id, kind, incident_id, reason, event_ms } = report;
  const fleet = step.world.fleet(tenant_id);
  for (const vehicle of hit) step.outbox.touch(tenant_id, vehicle);
  const led_around = [...fleet.vehicles.values()].filter(
    ({ plan, arrived_ms }) => arrived_ms === null && plan?.around_incident_id === incident_id,
  );
  const concerned = kind === 'cleared' ? led_around : hit;
  const said = kind === 'cleared' ? `${reason}: over` : reason;
  const event_clock_ms = report.read_vector?.event_clock_ms ?? event_ms;
  for (const vehicle of concerned) {
    if (vehicle.off_route.off_route) continue;
    reconsiderRoute(step, vehicle, { tenant_id, trigger: kind, incident_id, reason: said, event_ms, event_clock_ms });
  }
}
