import type { Principal, TenantId, VehicleId } from '@nerveline/contracts';
import type { Step } from './step';

/** Who changes tables is known to their database alone; the record's `source_position` leads there. */
const WRITER = { subject: 'source tables', roles: [], scopes: [] } satisfies Omit<Principal, 'tenant_id'>;

/** Writes down what a change of the source tables did to a vehicle. */
export function auditSource(
  step: Step,
  act: {
    readonly tenant_id: TenantId;
    readonly vehicle_id: VehicleId;
    readonly now_ms: number;
    readonly action: string;
    readonly before: unknown;
    readonly after: unknown;
  },
): void {
  const { tenant_id, vehicle_id, now_ms, action, before, after } = act;
  const principal = { tenant_id, ...WRITER };
  step.outbox.audit({ principal, action, object: `vehicle ${vehicle_id}`, before, after, event_ms: now_ms });
}
