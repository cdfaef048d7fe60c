import type { PushItem, RerouteDecision, TrafficIncident, VehiclePlan, VehicleState } from '@nerveline/contracts';
import type { RenderBatch } from '../client/render-batch';
import { Ring } from '../client/ring';
import { Store } from '../client/store';
import { removedKey, valueOf } from '../client/topic-values';
import { glideTo, type Glide } from './glide';

const KEPT_DECISIONS = 500;
const KEPT_ETAS = 240;

/** A vehicle, its way between its last two fixes, and what its arrival was expected to be. */
export interface VehicleRow {
  readonly id: string;
  state: VehicleState;
  glide: Glide;
  /** Expected arrival at each fix, for the small chart. */
  readonly etas: Ring<{ readonly event_ms: number; readonly eta_ms: number }>;
}

/** Vehicles, their plans, the incidents that hold and the router's proposals. */
export class FleetStore extends Store {
  readonly vehicles = new Map<string, VehicleRow>();
  readonly plans = new Map<string, VehiclePlan>();
  /** What holds now, by incident. */
  readonly incidents = new Map<string, TrafficIncident>();
  /** The latest word on each proposal, oldest first. */
  readonly proposals = new Map<string, RerouteDecision>();

  constructor(
    batch: RenderBatch,
    private readonly local_ms: () => number = () => performance.now(),
  ) {
    super(batch);
  }

  readonly vehicleSink = this.sinkOf(
    (item) => this.#takeVehicle(item),
    () => this.vehicles.clear(),
  );
  readonly planSink = this.sinkOf(
    (item) => {
      const [dropped] = removedKey(item, 'fleet.plans') ?? [];
      if (dropped !== undefined) this.plans.delete(dropped);
      const plan = valueOf(item, 'fleet.plans');
      if (plan !== null) this.plans.set(plan.vehicle_id, plan);
    },
    () => this.plans.clear(),
  );
  readonly trafficSink = this.sinkOf(
    (item) => this.#takeIncident(item),
    () => this.incidents.clear(),
  );
  readonly decisionSink = this.sinkOf(
    (item) => this.#takeDecision(item),
    () => this.proposals.clear(),
  );

  /** Proposals that wait for an answer, and those that had one, newest first. */
  proposalsNewestFirst(): RerouteDecision[] {
    return [...this.proposals.values()].reverse();
  }

  /** Incidents whose end hasn't come, oldest first. */
  activeIncidents(event_now_ms: number): TrafficIncident[] {
    return [...this.incidents.values()].filter(({ ends_at_ms }) => ends_at_ms === null || ends_at_ms > event_now_ms);
  }

  /** Vehicles whose planned way runs over any of some segments. */
  vehiclesOver(segment_ids: readonly number[]): string[] {
    const wanted = new Set(segment_ids);
    const hit: string[] = [];
    for (const plan of this.plans.values()) {
      if (plan.segment_ids.some((segment) => wanted.has(segment))) hit.push(plan.vehicle_id);
    }
    return hit;
  }

  #takeVehicle(item: PushItem): void {
    const [removed] = removedKey(item, 'fleet.vehicle_states') ?? [];
    if (removed !== undefined) this.vehicles.delete(removed);
    const state = valueOf(item, 'fleet.vehicle_states');
    if (state === null) return;
    const known = this.vehicles.get(state.vehicle_id);
    if (known === undefined) {
      const glide = glideTo(null, state, this.local_ms());
      const row = {
        id: state.vehicle_id,
        state,
        glide,
        etas: new Ring<{ event_ms: number; eta_ms: number }>(KEPT_ETAS),
      };
      this.vehicles.set(state.vehicle_id, row);
      noteEta(row);
      return;
    }
    if (known.state.event_ms > state.event_ms) return;
    known.glide = glideTo(known.glide, state, this.local_ms());
    known.state = state;
    noteEta(known);
  }

  #takeIncident(item: PushItem): void {
    const incident = valueOf(item, 'fleet.traffic');
    if (incident === null) return;
    if (incident.kind === 'cleared') this.incidents.delete(incident.incident_id);
    else this.incidents.set(incident.incident_id, incident);
  }

  #takeDecision(item: PushItem): void {
    const decision = valueOf(item, 'fleet.decisions');
    if (decision === null || decision.outcome === 'left_alone' || decision.outcome === 'no_route') return;
    // A word on a known proposal keeps its place: a row that is being read doesn't jump.
    this.proposals.set(decision.proposal_id, decision);
    const oldest = this.proposals.keys().next().value;
    if (this.proposals.size > KEPT_DECISIONS && oldest !== undefined) this.proposals.delete(oldest);
  }
}

function noteEta(row: VehicleRow): void {
  const { eta_ms, event_ms } = row.state;
  if (eta_ms !== null) row.etas.push({ event_ms, eta_ms });
}
