import type { ReadVector, TenantId, VehicleId } from '@nerveline/contracts';
import { tenantKey } from '@nerveline/contracts';
import type { TenantFleet } from '../domain/fleet/tenant-fleet';
import type { Outbox } from './outbox';
import type { World } from './world';

/**
 * What one act works on. Acts are synchronous and depend on nothing but the world and their input: that is what lets a
 * replay run the very same code.
 */
export interface Step {
  readonly world: World;
  readonly outbox: Outbox;
}

/** What a decision on one vehicle saw. `event_clock_ms` is the reading that came with the act's input. */
export function readVectorOf(
  step: Step,
  of: {
    readonly tenant_id: TenantId;
    readonly vehicle_id: VehicleId;
    readonly event_clock_ms: number;
    readonly seen?: ReadVector['offsets'] | undefined;
  },
): ReadVector {
  return {
    offsets: step.outbox.offsets.seenBy(tenantKey(of.tenant_id, of.vehicle_id), of.seen),
    versions: versionsOf(step, step.world.fleet(of.tenant_id)),
    event_clock_ms: of.event_clock_ms,
  };
}

function versionsOf(step: Step, fleet: TenantFleet): Record<string, string> {
  const { graph, reroute } = step.world.surroundings;
  return { graph: graph.hash, metric: String(fleet.metric.version), policy: reroute.version };
}

/** What an input saw of all partitions: it puts the inputs of a replay into the order in which they were taken. */
export function inputVectorOf(step: Step, tenant_id: TenantId, event_clock_ms: number): ReadVector {
  const versions = versionsOf(step, step.world.fleet(tenant_id));
  return { offsets: step.outbox.offsets.all(), versions, event_clock_ms };
}
