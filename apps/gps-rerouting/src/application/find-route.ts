import type { RouteAnswer, RouteRequest } from '@nerveline/contracts';
import { geometryOf } from '../domain/routing/route-through';
import { checkOnMap } from './check-input';
import type { Desk } from './desk';
import type { Caller } from './ports';
import { findTrip } from './take-command';

/** The best way between two places on the present traffic. It changes nothing. */
export class FindRoute {
  constructor(private readonly desk: Desk) {}

  /** @throws NervelineError `NL-FLT-003` off the map, `NL-FLT-004` without a road nearby, `NL-FLT-005` without a route */
  find({ tenant_id }: Caller, { from, to }: RouteRequest): RouteAnswer {
    const { world } = this.desk;
    const { graph } = world.surroundings;
    checkOnMap(from, graph, 'from');
    checkOnMap(to, graph, 'to');
    const { way } = findTrip(world, { tenant_id, from, stops: [{ ...to, label: 'to' }] });
    return {
      duration_ms: way.duration_ms,
      distance_m: way.distance_m,
      geometry: geometryOf(graph, way.segment_ids),
      metric_version: world.fleet(tenant_id).metric.version,
    };
  }
}
