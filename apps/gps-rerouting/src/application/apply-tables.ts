import type { TenantId, VehicleId } from '@nerveline/contracts';
import { recordHeaders } from '@nerveline/contracts';
import type { RecordHeaders } from '@nerveline/kernel';
import type { EventClocks } from '@nerveline/stream';
import type { Desk } from './desk';
import type { Directory, OrderFacts } from './directory';
import { followOrders } from './follow-orders';
import { removeVehicle } from './remove-vehicle';

/** A vehicle whose row or orders changed. */
export interface Concerned {
  readonly tenant_id: TenantId;
  readonly vehicle_id: VehicleId;
  /** Its open orders before the change. */
  readonly former: readonly OrderFacts[];
  /** Of the change's record. */
  readonly headers: RecordHeaders;
}

/** What tells where a record came from, and rides on in those that it causes. */
const PASSED_ON = [recordHeaders.source_position, recordHeaders.committed_ms, recordHeaders.traceparent];

/** Brings about in the fleet what the source tables say of a vehicle now. Doing it again changes nothing. */
export class ApplyTables {
  constructor(
    private readonly desk: Desk,
    private readonly clocks: EventClocks,
    private readonly directory: Directory,
  ) {}

  async apply({ tenant_id, vehicle_id, former, headers }: Concerned): Promise<void> {
    const now_ms = this.clocks.of(tenant_id).now_ms();
    const of = { tenant_id, vehicle_id, now_ms };
    const passed = Object.fromEntries(Object.entries(headers).filter(([name]) => PASSED_ON.includes(name as never)));
    await this.desk.do((step) => {
      if (this.directory.vehicle(tenant_id, vehicle_id) === undefined) removeVehicle(step, of);
      else followOrders(step, this.directory, { ...of, former });
    }, passed);
  }
}
