import {
  vehicleId,
  type ProposalAnswerRequest,
  type ProposalId,
  type RerouteDecision,
  type VehicleId,
} from '@nerveline/contracts';
import { NervelineError, tenantKey } from '@nerveline/kernel';
import type { Vehicle } from '../domain/fleet/vehicle';
import { RouteLine } from '../domain/tracking/route-line';
import type { Desk } from './desk';
import type { Directory } from './directory';
import type { EventClocks } from '@nerveline/stream';
import type { Caller } from './ports';
import { rememberAnswer } from './remember-answer';
import { settleVehicle } from './settle-change';
import { inputVectorOf, type Step } from './step';
import { takeAnswer, type AnswerCommand } from './take-command';

/** Takes a driver's or dispatcher's answer to a proposal. */
export class AnswerProposal {
  constructor(
    private readonly desk: Desk,
    private readonly clocks: EventClocks,
    private readonly directory: Directory,
  ) {}

  /**
   * The same answer again gets the same decision.
   *
   * @throws NervelineError `NL-FLT-007` for an unknown proposal, `NL-FLT-008` when it is no longer open, `NL-FLT-016` when a
   *   driver answers for somebody else's vehicle
   */
  async answer(caller: Caller, request: ProposalAnswerRequest): Promise<RerouteDecision> {
    const { tenant_id, principal, headers } = caller;
    const now_ms = this.clocks.of(tenant_id).now_ms();
    return this.desk.do((step) => {
      this.#checkDriver(caller, request.proposal_id);
      const key = tenantKey(tenant_id, 'answer', request.proposal_id);
      const known = recallAnswer(step, key, request);
      if (known !== undefined) return known;
      const vehicle = proposedTo(step, caller, request.proposal_id);
      settleVehicle(step, tenant_id, vehicle);
      if (vehicle.proposal?.proposal_id !== request.proposal_id) throw closed(request.proposal_id, 'it is not open');
      if (request.answer === 'accepted' && isBlocked(step, caller, vehicle)) {
        throw closed(request.proposal_id, 'its way has been closed meanwhile');
      }
      const command: AnswerCommand = {
        format_version: 1,
        kind: 'answer',
        tenant_id,
        vehicle_id: vehicle.vehicle_id,
        ...request,
        read_vector: inputVectorOf(step, tenant_id, now_ms),
        event_ms: now_ms,
      };
      step.outbox.command(command);
      const decision = takeAnswer(step, command);
      if (decision === undefined) throw closed(request.proposal_id, 'it is not open');
      step.outbox.audit({
        principal,
        action: `proposal.${request.answer}`,
        object: `vehicle ${vehicle.vehicle_id}`,
        before: { proposal_id: request.proposal_id, eta_ms: decision.old_eta_ms },
        after: { outcome: decision.outcome, eta_ms: decision.new_eta_ms },
        event_ms: now_ms,
      });
      rememberAnswer(step, key, { request: JSON.stringify(request), answer: decision, at_ms: now_ms });
      return decision;
    }, headers);
  }

  /** Who is nothing but a driver answers for the own vehicle; dispatchers answer for all. */
  #checkDriver({ tenant_id, principal }: Caller, proposal_id: ProposalId): void {
    const { roles, subject } = principal;
    if (roles.length === 0 || roles.some((role) => role !== 'driver')) return;
    const { vehicle_id } = partsOf(proposal_id);
    const driver_id = vehicle_id === undefined ? undefined : this.directory.vehicle(tenant_id, vehicle_id)?.driver_id;
    if (vehicle_id === undefined || driver_id === subject) return;
    const detail = `${subject} does not drive ${vehicle_id}`;
    throw new NervelineError('NL-FLT-016', { detail, field: 'proposal_id' });
  }
}

/** A proposal's id is its vehicle's and a number. */
function partsOf(proposal_id: ProposalId): { readonly vehicle_id: VehicleId | undefined; readonly number: number } {
  const dash = proposal_id.lastIndexOf('-');
  const { data } = vehicleId.safeParse(proposal_id.slice(0, Math.max(0, dash)));
  return { vehicle_id: data, number: Number(proposal_id.slice(dash + 1)) };
}

function proposedTo(step: Step, { tenant_id }: Caller, proposal_id: ProposalId): Vehicle {
  const { vehicle_id, number } = partsOf(proposal_id);
  const { vehicles } = step.world.fleet(tenant_id);
  const vehicle = vehicle_id === undefined ? undefined : vehicles.get(vehicle_id);
  if (vehicle !== undefined && number >= 1 && number <= vehicle.decision_count) return vehicle;
  throw new NervelineError('NL-FLT-007', { detail: `there is no proposal ${proposal_id}`, field: 'proposal_id' });
}

function recallAnswer(step: Step, key: string, request: ProposalAnswerRequest): RerouteDecision | undefined {
  try {
    return step.world.memory.recall(key, JSON.stringify(request)) as RerouteDecision | undefined;
  } catch {
    throw closed(request.proposal_id, 'it was answered otherwise');
  }
}

/** Something on the proposed way was closed after it was proposed. */
function isBlocked(step: Step, { tenant_id }: Caller, { proposal }: Vehicle): boolean {
  if (proposal === null) return false;
  const { graph } = step.world.surroundings;
  const line = new RouteLine(graph, proposal.way);
  return line.remainingMs(line.start, step.world.fleet(tenant_id).metric) === Infinity;
}

const closed = (proposal_id: ProposalId, why: string): NervelineError =>
  new NervelineError('NL-FLT-008', { detail: `proposal ${proposal_id}: ${why}`, field: 'proposal_id' });
