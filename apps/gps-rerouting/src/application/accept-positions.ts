import {
  decodePositionFix,
  encodePositionFix,
  type PositionFix,
  type PositionsAnswer,
  type PositionsRequest,
  type TenantId,
} from '@nerveline/contracts';
import type { NervelineError } from '@nerveline/kernel';
import { isStale } from '../domain/tracking/track';
import { checkEventTime, MAP_MARGIN_M, offMap, unknownVehicle } from './check-input';
import type { Desk } from './desk';
import type { Directory } from './directory';
import type { EventClocks } from '@nerveline/stream';
import { followOrders } from './follow-orders';
import type { Caller } from './ports';
import type { Step } from './step';
import { takeFix } from './take-fix';
import { TimeSlice } from './time-slice';

type Refused = NonNullable<PositionsAnswer['refused']>[number];
/** What became of a fix, or the code of what is wrong with it. */
type Taken = 'accepted' | 'stale' | Refused['code'];

const OFF_MAP = 'NL-FLT-003';
const UNKNOWN_VEHICLE = 'NL-FLT-015';

/** Takes GPS fixes: when it answers, every accepted one is in the log and the vehicles' state has it. */
export class AcceptPositions {
  constructor(
    private readonly desk: Desk,
    private readonly clocks: EventClocks,
    private readonly directory: Directory,
  ) {}

  /**
   * Fixes doubled, late and out of order are counted and not applied. Those off the map and of vehicles that aren't in
   * the fleet are named: one receiver that lost its way, or that nobody switched off, must not stop all the others.
   *
   * @throws NervelineError `NL-FLT-001`, `NL-FLT-002` for a time that can't be: then nothing of the request is taken;
   *   `NL-FLT-003`, `NL-FLT-015` when all of its fixes are off the map or of strangers
   */
  async accept({ tenant_id, headers }: Caller, { fixes }: PositionsRequest): Promise<PositionsAnswer> {
    const now_ms = this.clocks.of(tenant_id).now_ms();
    fixes.forEach((fix, index) => checkEventTime(fix.event_ms, now_ms, `fixes[${index}].event_ms`));
    const counts = { accepted: 0, stale: 0, [OFF_MAP]: 0, [UNKNOWN_VEHICLE]: 0 };
    const refused: Refused[] = [];
    let next = 0;
    const takeSome = (step: Step): void => {
      const slice = new TimeSlice();
      do {
        const index = next++;
        const fix = fixes[index];
        if (fix === undefined) return;
        const taken = this.#take(step, fix, { tenant_id, now_ms });
        counts[taken]++;
        if (taken === OFF_MAP || taken === UNKNOWN_VEHICLE) refused.push(refusalOf(fix, index, taken));
      } while (!slice.is_spent);
    };
    while (next < fixes.length) await this.desk.do(takeSome, headers);
    const [fix] = fixes;
    if (refused.length === fixes.length && fix !== undefined) throw this.#faultOf(fix, refused);
    const answer = { accepted: counts.accepted, stale: counts.stale, off_map: counts[OFF_MAP] };
    return refused.length === 0 ? answer : { ...answer, refused };
  }

  /** When a request holds nothing else, its first fix is what is wrong with it. */
  #faultOf(fix: PositionFix, [refused]: readonly Refused[]): NervelineError {
    if (refused?.code === UNKNOWN_VEHICLE) return unknownVehicle(fix.vehicle_id, refused.field);
    return offMap(fix, this.desk.world.surroundings.graph, refused?.field ?? '');
  }

  #take(
    step: Step,
    received: PositionFix,
    { tenant_id, now_ms }: { readonly tenant_id: TenantId; readonly now_ms: number },
  ): Taken {
    const { vehicle_id } = received;
    const { world } = step;
    if (!world.surroundings.graph.covers(received, MAP_MARGIN_M)) return OFF_MAP;
    if (this.directory.vehicle(tenant_id, vehicle_id) === undefined) return UNKNOWN_VEHICLE;
    const vehicle = world.fleet(tenant_id).vehicle(vehicle_id);
    if (isStale(vehicle, received.event_ms)) return 'stale';
    const is_first = vehicle.fix === null && vehicle.plan === null;
    // What is applied is what the log holds: a replay reads the rounded coordinates.
    const fix = decodePositionFix(vehicle_id, encodePositionFix(received));
    step.outbox.position(tenant_id, fix);
    takeFix(step, tenant_id, fix);
    // Orders that came before the vehicle's first word have waited for a place to begin at.
    if (is_first) followOrders(step, this.directory, { tenant_id, vehicle_id, former: [], now_ms });
    return 'accepted';
  }
}

const refusalOf = ({ vehicle_id }: PositionFix, index: number, code: Refused['code']): Refused => ({
  field: code === OFF_MAP ? `fixes[${index}]` : `fixes[${index}].vehicle_id`,
  code,
  vehicle_id,
});
