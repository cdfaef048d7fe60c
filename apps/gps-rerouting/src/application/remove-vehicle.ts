import type { FleetCommand, TenantId, VehicleId } from '@nerveline/contracts';
import { auditSource } from './audit-source';
import { closeProposal } from './record-decision';
import { settleVehicle } from './settle-change';
import { inputVectorOf, type Step } from './step';

export type RemovedCommand = Extract<FleetCommand, { kind: 'removed' }>;

/** Takes a vehicle out of the fleet whose row is gone; again, nothing happens. */
export function removeVehicle(
  step: Step,
  of: { readonly tenant_id: TenantId; readonly vehicle_id: VehicleId; readonly now_ms: number },
): void {
  const { tenant_id, vehicle_id, now_ms } = of;
  const vehicle = step.world.fleet(tenant_id).vehicles.get(vehicle_id);
  if (vehicle === undefined || (vehicle.fix === null && vehicle.plan === null)) return;
  const command: RemovedCommand = {
    format_version: 1,
    kind: 'removed',
    tenant_id,
    vehicle_id,
    read_vector: inputVectorOf(step, tenant_id, now_ms),
    event_ms: now_ms,
  };
  const plan_version = vehicle.plan?.plan_version ?? null;
  step.outbox.command(command);
  takeRemoval(step, command);
  auditSource(step, { ...of, action: 'fleet.remove', before: { plan_version }, after: null });
}

/** Ends all that is open of a vehicle, and says on each topic that it is gone. The command is in the log. */
export function takeRemoval(step: Step, { tenant_id, vehicle_id, event_ms, read_vector }: RemovedCommand): void {
  const fleet = step.world.fleet(tenant_id);
  const vehicle = fleet.vehicle(vehicle_id);
  settleVehicle(step, tenant_id, vehicle);
  const occasion = { tenant_id, event_ms, event_clock_ms: read_vector.event_clock_ms };
  closeProposal(step, vehicle, { occasion, outcome: 'expired', reason: 'the vehicle left the fleet' });
  if (vehicle.plan !== null) step.outbox.dropPlan(tenant_id, vehicle_id, event_ms);
  if (vehicle.fix !== null) step.outbox.dropState(tenant_id, vehicle_id, event_ms);
  fleet.remove(vehicle);
  step.outbox.touch(tenant_id, vehicle, { plan: true });
}
