import type { Principal, TenantId, TrafficRequest } from '@nerveline/contracts';
import type { RecordHeaders } from '@nerveline/kernel';
import type { RoadGraph } from '../domain/graph/road-graph';
import type { SnapIndex } from '../domain/routing/snap-index';

/** Cuts what an incident covers against the roads. */
export interface RoadCutter {
  segmentsOf(where: TrafficRequest['where']): readonly number[];
}

/** What the cutter works on. */
export interface Roads {
  readonly graph: RoadGraph;
  readonly snap: SnapIndex;
}

/** Who asks, and what rides along in the records. */
export interface Caller {
  readonly tenant_id: TenantId;
  readonly principal: Principal & { readonly tenant_id: TenantId };
  readonly headers: RecordHeaders;
}
