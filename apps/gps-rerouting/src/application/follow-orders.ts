import type { TenantId, VehicleId } from '@nerveline/contracts';
import type { PlannedStop, Vehicle } from '../domain/fleet/vehicle';
import type { LatLon } from '../domain/graph/geo';
import type { RoadGraph } from '../domain/graph/road-graph';
import { auditSource } from './audit-source';
import type { Directory, OrderFacts } from './directory';
import { inputVectorOf, type Step } from './step';
import { storeMetric } from './stored-state';
import { takeOrders, type OrdersCommand } from './take-orders';

export interface OrdersOf {
  readonly tenant_id: TenantId;
  readonly vehicle_id: VehicleId;
  /** Its open orders before they changed. */
  readonly former: readonly OrderFacts[];
  readonly now_ms: number;
}

/**
 * Lets a vehicle follow its open orders as they are now, from where it is. The table has the last word: a stop is
 * served when its order says so, not when the vehicle was near it. Nothing happens when its plan has these stops
 * already (a delivered order is usually behind it), and when it has told no place yet: its first fix comes here again.
 */
export function followOrders(step: Step, directory: Directory, of: OrdersOf): void {
  const { tenant_id, vehicle_id, now_ms } = of;
  const vehicle = step.world.fleet(tenant_id).vehicles.get(vehicle_id);
  if (vehicle === undefined) return;
  const open = directory.openOrders(tenant_id, vehicle_id);
  if (!needsOtherPlan(vehicle, open, of.former)) return;
  const from = whereItIs(vehicle, step.world.surroundings.graph);
  if (from === undefined) return;
  const command: OrdersCommand = {
    format_version: 1,
    kind: 'orders',
    tenant_id,
    vehicle_id,
    depot_id: directory.vehicle(tenant_id, vehicle_id)?.depot_id ?? null,
    from,
    stops: open.map(({ lat, lon, order_id }) => ({ lat, lon, label: order_id })),
    read_vector: inputVectorOf(step, tenant_id, now_ms),
    event_ms: now_ms,
  };
  const before = { plan_version: vehicle.plan?.plan_version ?? null, stops: stopsAhead(vehicle).map(labelOf) };
  step.outbox.command(command);
  takeOrders(step, command);
  storeMetric(step, tenant_id);
  const after = { plan_version: vehicle.plan?.plan_version ?? null, stops: command.stops.map(labelOf) };
  auditSource(step, { tenant_id, vehicle_id, now_ms, action: 'fleet.plan', before, after });
}

/** Are these the same stops in the same order? */
export function sameTour(a: readonly OrderFacts[], b: readonly OrderFacts[]): boolean {
  return a.length === b.length && a.every((order, index) => isSamePlace(order, b[index]));
}

/**
 * A new or moved stop always counts. What was taken away counts for a vehicle that drives its tour: one that somebody
 * sent elsewhere goes on, and one that has arrived stays.
 */
function needsOtherPlan(vehicle: Vehicle, open: readonly OrderFacts[], former: readonly OrderFacts[]): boolean {
  const ahead = stopsAhead(vehicle);
  if (open.length === ahead.length && ahead.every((stop, index) => isStopOf(stop, open[index]))) return false;
  if (open.some((order) => !former.some((known) => isSamePlace(order, known)))) return true;
  if (vehicle.plan === null) return open.length > 0;
  return ahead.length > 0 && ahead.every((stop) => former.some((order) => isStopOf(stop, order)));
}

const stopsAhead = ({ plan, stops_done, arrived_ms }: Vehicle): readonly PlannedStop[] =>
  plan === null || arrived_ms !== null ? [] : plan.stops.slice(stops_done);

const labelOf = ({ label }: { readonly label: string }): string => label;

const isSamePlace = (a: OrderFacts, b: OrderFacts | undefined): boolean =>
  a.order_id === b?.order_id && a.lat === b.lat && a.lon === b.lon;

const isStopOf = (stop: PlannedStop, order: OrderFacts | undefined): boolean =>
  stop.label === order?.order_id && stop.lat === order.lat && stop.lon === order.lon;

/** Where it was last, or where its plan lets it begin. */
function whereItIs({ fix, plan }: Vehicle, graph: RoadGraph): LatLon | undefined {
  if (fix !== null) return { lat: fix.lat, lon: fix.lon };
  const [first] = plan?.way.segment_ids ?? [];
  const [point] = first === undefined ? [] : graph.geometryOf(first);
  return point === undefined ? undefined : { lon: point[0], lat: point[1] };
}
