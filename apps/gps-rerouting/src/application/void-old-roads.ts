import type { Desk } from './desk';
import type { EventClocks } from '@nerveline/stream';
import { storeIncident, storeMetric, storeOpenChange, type Restored } from './stored-state';

/**
 * The service was started with other roads: plans and incidents name segments that are gone. Vehicles keep their place
 * and lose their plan, which is said on the topics like every other change.
 */
export async function voidOldRoads(desk: Desk, restored: Restored, clocks: EventClocks): Promise<void> {
  const { void_plans, void_incidents, other_roads } = restored;
  if (other_roads.length === 0) return;
  await desk.do((step) => {
    for (const { tenant_id, vehicle } of void_plans) {
      step.outbox.dropPlan(tenant_id, vehicle.vehicle_id, clocks.of(tenant_id).now_ms());
      step.outbox.touch(tenant_id, vehicle, { plan: true });
    }
    for (const incident of void_incidents) storeIncident(step.outbox, { ...incident, kind: 'cleared' });
    for (const tenant_id of other_roads) {
      storeMetric(step, tenant_id);
      storeOpenChange(step.outbox, tenant_id, null);
    }
  });
}
