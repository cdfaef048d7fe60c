import type { TenantId, TrafficIncident } from '@nerveline/contracts';
import type { Vehicle } from '../domain/fleet/vehicle';
import type { Incident } from '../domain/routing/metric';
import type { Step } from './step';

/** What is left of the free speed where the reporter didn't say: in weather, and in jams that the log has of earlier versions. */
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
