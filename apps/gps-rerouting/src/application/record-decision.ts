import type { ProposalId, ReadVector, RerouteDecision as DecisionRecord, TenantId } from '@nerveline/contracts';
import type { Vehicle } from '../domain/fleet/vehicle';
import type { Trigger } from '../domain/rerouting/decide';
import { geometryOf, type Way } from '../domain/routing/route-through';
import { readVectorOf, type Step } from './step';

/** Why a vehicle's route is looked at again. */
export interface Occasion {
  readonly tenant_id: TenantId;
  readonly trigger: Trigger;
  readonly incident_id: string | null;
  readonly reason: string;
  readonly event_ms: number;
  /** The reading of the event clock that came with the input. */
  readonly event_clock_ms: number;
  /** The next offset of each input partition, where the decision is made later than what it saw. */
  readonly seen?: ReadVector['offsets'] | undefined;
}

/** Ends an open proposal, if there is one, with a record of what became of it. */
export function closeProposal(
  step: Step,
  vehicle: Vehicle,
  end: {
    readonly occasion: Pick<Occasion, 'tenant_id' | 'event_ms' | 'event_clock_ms' | 'seen'>;
    readonly outcome: 'accepted' | 'declined' | 'expired';
    readonly reason?: string;
  },
): DecisionRecord | undefined {
  const { proposal } = vehicle;
  if (proposal === null) return undefined;
  const { occasion, outcome } = end;
  vehicle.proposal = null;
  const reason = end.reason === undefined ? proposal.reason : `${proposal.reason}: ${end.reason}`;
  const { tenant_id, event_ms, event_clock_ms, seen } = occasion;
  const decision: DecisionRecord = {
    ...base(step, vehicle, { ...proposal, tenant_id, reason, event_ms, event_clock_ms, seen }),
    proposal_id: proposal.proposal_id,
    outcome,
    old_eta_ms: proposal.old_eta_ms,
    new_eta_ms: proposal.new_eta_ms,
    gain_ms: proposal.gain_ms,
    ...drawn(step, proposal.way),
  };
  step.outbox.decision(decision);
  step.outbox.touch(tenant_id, vehicle, { plan: true });
  return decision;
}

/** A left-alone vehicle has no other way to show. */
const NOTHING_DRAWN = { geometry: [] as [number, number][], segment_ids: [] as number[] };

/** A way as a decision shows it. */
export function drawn(step: Step, way: Way) {
  return { geometry: geometryOf(step.world.surroundings.graph, way.segment_ids), segment_ids: [...way.segment_ids] };
}

/** What is said anew each time; the rest comes from the vehicle and the occasion. */
type Said = Pick<DecisionRecord, 'outcome' | 'old_eta_ms' | 'new_eta_ms' | 'gain_ms' | 'because' | 'expires_at_ms'> &
  Partial<Pick<DecisionRecord, 'geometry' | 'segment_ids'>>;

/** Writes a decision and gives its id, which counts the vehicle's decisions: a replay gives the same ones. */
export function record(step: Step, vehicle: Vehicle, occasion: Occasion, said: Said): ProposalId {
  vehicle.decision_count++;
  const decision: DecisionRecord = { ...base(step, vehicle, occasion), ...NOTHING_DRAWN, ...said };
  step.outbox.decision(decision);
  return decision.proposal_id;
}

function base(step: Step, vehicle: Vehicle, occasion: Occasion) {
  const { vehicle_id } = vehicle;
  const { tenant_id, trigger, incident_id, reason, event_ms, event_clock_ms, seen } = occasion;
  return {
    format_version: 1 as const,
    proposal_id: `${vehicle_id}-${vehicle.decision_count}` as ProposalId,
    tenant_id,
    vehicle_id,
    depot_id: vehicle.plan?.depot_id ?? null,
    trigger,
    incident_id,
    reason,
    read_vector: readVectorOf(step, { tenant_id, vehicle_id, event_clock_ms, seen }),
    event_ms,
  };
}
