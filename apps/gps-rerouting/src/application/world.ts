import type { TenantId, TrafficIncident } from '@nerveline/contracts';
import { TenantFleet } from '../domain/fleet/tenant-fleet';
import type { RoadGraph } from '../domain/graph/road-graph';
import type { ReroutePolicy } from '../domain/rerouting/reroute-policy';
import type { RoutingEngine } from '../domain/routing/router';
import type { SnapIndex } from '../domain/routing/snap-index';
import type { TrackingPolicy } from '../domain/tracking/tracking-policy';
import { Memory } from './memory';

/** What every decision is made with, and what doesn't change while the service runs. */
export interface Surroundings {
  readonly graph: RoadGraph;
  readonly snap: SnapIndex;
  readonly engine: RoutingEngine;
  readonly tracking: TrackingPolicy;
  readonly reroute: ReroutePolicy;
}

/** The fleets of all tenants over one road graph. */
export class World {
  readonly #fleets = new Map<TenantId, TenantFleet>();

  /** The incidents that last, as they were reported, by tenant and id. */
  readonly reports = new Map<string, TrafficIncident>();

  constructor(
    readonly surroundings: Surroundings,
    readonly memory: Memory = new Memory(),
  ) {}

  fleet(tenant_id: TenantId): TenantFleet {
    const known = this.#fleets.get(tenant_id);
    if (known !== undefined) return known;
    const fleet = new TenantFleet(this.surroundings.graph);
    this.#fleets.set(tenant_id, fleet);
    return fleet;
  }

  fleets(): IterableIterator<[TenantId, TenantFleet]> {
    return this.#fleets.entries();
  }
}
