import type { TenantId, TrafficIncident } from '@nerveline/contracts';
import type { OpenChange } from '../domain/fleet/open-change';
import type { TenantFleet } from '../domain/fleet/tenant-fleet';
import type { Vehicle } from '../domain/fleet/vehicle';
import { reconsiderRoute } from './reconsider-route';
import type { Step } from './step';
import { storeOpenChange } from './stored-state';
import type { TimeSlice } from './time-slice';

/**
 * Notes for which vehicles a change of the traffic has to be decided: those that it hits, and when it was lifted those
 * that were led around it, too. The decisions are made slice by slice, and a fix is taken between two of them.
 */
export function openChange(step: Step, report: TrafficIncident, hit: readonly Vehicle[]): void {
  const { tenant_id } = report;
  const fleet = step.world.fleet(tenant_id);
  const led_around = [...fleet.vehicles.values()].filter((vehicle) => isLedAround(vehicle, report));
  const vehicle_ids = [...new Set([...hit, ...led_around].map(({ vehicle_id }) => vehicle_id))].sort();
  if (vehicle_ids.length === 0) return;
  const { offsets, headers } = step.outbox;
  fleet.open_change = { report, vehicle_ids, waiting: new Set(vehicle_ids), seen: offsets.all(), headers };
  storeOpenChange(step.outbox, tenant_id, fleet.open_change);
}

/** Decides for one vehicle what is still open for it: whatever else is done with it, that comes first. */
export function settleVehicle(step: Step, tenant_id: TenantId, vehicle: Vehicle): void {
  const fleet = step.world.fleet(tenant_id);
  const { open_change } = fleet;
  if (open_change === null || !open_change.waiting.delete(vehicle.vehicle_id)) return;
  const { outbox } = step;
  const { headers } = outbox;
  outbox.headers = open_change.headers;
  outbox.alongside(() => {
    decideOne(step, vehicle, open_change);
    if (open_change.waiting.size > 0) return;
    fleet.open_change = null;
    storeOpenChange(outbox, tenant_id, null);
  });
  outbox.headers = headers;
}

/** Decides for as many vehicles as fit into the slice, and for one at least. */
export function settleSome(step: Step, slice: TimeSlice): void {
  for (const [tenant_id, fleet] of step.world.fleets()) {
    while (settleNext(step, tenant_id, fleet)) if (slice.is_spent) return;
  }
}

/** Decides for all that still wait: in a replay, which nobody waits for, and before the traffic changes again. */
export function settleAll(step: Step, tenant_id: TenantId): void {
  const fleet = step.world.fleet(tenant_id);
  while (settleNext(step, tenant_id, fleet));
}

/** False when nobody waits. */
function settleNext(step: Step, tenant_id: TenantId, fleet: TenantFleet): boolean {
  const [vehicle_id] = fleet.open_change?.waiting ?? [];
  if (vehicle_id === undefined) return false;
  settleVehicle(step, tenant_id, fleet.vehicle(vehicle_id));
  return true;
}

/** On the weights after the change. Everybody whom it concerns gets a fresh time of arrival in any case. */
function decideOne(step: Step, vehicle: Vehicle, { report, seen }: OpenChange): void {
  const { tenant_id, kind, incident_id, reason, event_ms, metric_version } = report;
  vehicle.judged_version = metric_version;
  step.outbox.touch(tenant_id, vehicle);
  if (vehicle.off_route.off_route) return;
  const event_clock_ms = report.read_vector?.event_clock_ms ?? event_ms;
  const occasion = { tenant_id, trigger: kind, incident_id, event_ms, event_clock_ms, seen };
  if (kind !== 'cleared') reconsiderRoute(step, vehicle, { ...occasion, reason });
  else if (isLedAround(vehicle, report)) reconsiderRoute(step, vehicle, { ...occasion, reason: `${reason}: over` });
}

/** Its way goes around what is over now. */
const isLedAround = ({ plan, arrived_ms }: Vehicle, { kind, incident_id }: TrafficIncident): boolean =>
  kind === 'cleared' && arrived_ms === null && plan?.around_incident_id === incident_id;
