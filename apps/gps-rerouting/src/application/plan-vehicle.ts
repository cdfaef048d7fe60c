import type { PlanRequest, VehiclePlan } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';
import { checkEventTime, checkOnMap, unknownVehicle } from './check-input';
import type { Desk } from './desk';
import type { Directory } from './directory';
import type { EventClocks } from '@nerveline/stream';
import type { Caller } from './ports';
import { inputVectorOf, type Step } from './step';
import { storeMetric } from './stored-state';
import { findTrip, takePlan, type PlanCommand } from './take-command';

/** Gives a vehicle a trip: to one place, or over its open orders. */
export class PlanVehicle {
  constructor(
    private readonly desk: Desk,
    private readonly clocks: EventClocks,
    private readonly directory: Directory,
  ) {}

  /**
   * @throws NervelineError `NL-FLT-001`, `-002`, `-003` for a wrong time or place, `-004` without a road nearby, `-005`
   *   without a route (the vehicle keeps its plan), `-009` without anything to plan from, `-015` for a vehicle that isn't
   *   in the fleet
   */
  async plan({ tenant_id, principal, headers }: Caller, request: PlanRequest): Promise<VehiclePlan> {
    const now_ms = this.clocks.of(tenant_id).now_ms();
    const event_ms = request.event_ms ?? now_ms;
    checkEventTime(event_ms, now_ms, 'event_ms');
    return this.desk.do((step) => {
      const { vehicle_id } = request;
      const { graph } = step.world.surroundings;
      if (request.from !== undefined) checkOnMap(request.from, graph, 'from');
      if (request.to !== undefined) checkOnMap(request.to, graph, 'to');
      if (this.directory.vehicle(tenant_id, vehicle_id) === undefined) throw unknownVehicle(vehicle_id, 'vehicle_id');
      const places = {
        tenant_id,
        from: this.#start(step, { tenant_id }, request),
        stops: this.#stops(tenant_id, request),
      };
      if (request.to === undefined) places.stops.forEach((stop) => checkOnMap(stop, graph, `order ${stop.label}`));
      const trip = findTrip(step.world, places);
      const before = step.world.fleet(tenant_id).vehicle(vehicle_id).plan;
      const command: PlanCommand = {
        format_version: 1,
        kind: 'plan',
        ...places,
        vehicle_id,
        depot_id: this.directory.vehicle(tenant_id, vehicle_id)?.depot_id ?? null,
        read_vector: inputVectorOf(step, tenant_id, now_ms),
        event_ms,
      };
      step.outbox.command(command);
      const plan = takePlan(step, command, trip);
      storeMetric(step, tenant_id);
      step.outbox.audit({
        principal,
        action: 'fleet.plan',
        object: `vehicle ${vehicle_id}`,
        before: before === null ? null : { plan_version: before.plan_version },
        after: { plan_version: plan.plan_version, stops: plan.stops },
        event_ms,
      });
      return plan;
    }, headers);
  }

  #start(step: Step, { tenant_id }: Pick<Caller, 'tenant_id'>, request: PlanRequest) {
    const fix = step.world.fleet(tenant_id).vehicles.get(request.vehicle_id)?.fix ?? null;
    const from = request.from ?? (fix === null ? undefined : { lat: fix.lat, lon: fix.lon });
    if (from !== undefined) return from;
    const detail = `${request.vehicle_id} has told no position yet: send 'from'`;
    throw new NervelineError('NL-FLT-009', { detail, field: 'from' });
  }

  #stops(tenant_id: Caller['tenant_id'], { to, vehicle_id }: PlanRequest) {
    if (to !== undefined) return [{ ...to, label: 'destination' }];
    const orders = this.directory.openOrders(tenant_id, vehicle_id);
    if (orders.length > 0) return orders.map(({ lat, lon, order_id }) => ({ lat, lon, label: order_id }));
    throw new NervelineError('NL-FLT-009', { detail: `${vehicle_id} has no open order: send 'to'`, field: 'to' });
  }
}
