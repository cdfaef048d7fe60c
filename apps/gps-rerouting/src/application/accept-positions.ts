import {
  decodePositionFix,
  encodePositionFix,
  type PositionsAnswer,
  type PositionsRequest,
} from '@nerveline/contracts';
import { isStale } from '../domain/tracking/track';
import { checkEventTime, MAP_MARGIN_M } from './check-input';
import type { Desk } from './desk';
import type { EventClocks } from '@nerveline/stream';
import type { Caller } from './ports';
import { takeFix } from './take-fix';

/** Takes GPS fixes: when it answers, every accepted one is in the log and the vehicles' state has it. */
export class AcceptPositions {
  constructor(
    private readonly desk: Desk,
    private readonly clocks: EventClocks,
  ) {}

  /**
   * Fixes off the map, doubled, late and out of order are counted and not applied.
   *
   * @throws NervelineError `NL-FLT-001`, `NL-FLT-002` for a time that can't be: then nothing of the request is taken
   */
  async accept({ tenant_id, headers }: Caller, { fixes }: PositionsRequest): Promise<PositionsAnswer> {
    const now_ms = this.clocks.of(tenant_id).now_ms();
    fixes.forEach((fix, index) => checkEventTime(fix.event_ms, now_ms, `fixes[${index}].event_ms`));
    return this.desk.do((step) => {
      const fleet = step.world.fleet(tenant_id);
      const { graph } = step.world.surroundings;
      const counts = { accepted: 0, stale: 0, off_map: 0 };
      for (const received of fixes) {
        if (!graph.covers(received, MAP_MARGIN_M)) counts.off_map++;
        else if (isStale(fleet.vehicle(received.vehicle_id), received.event_ms)) counts.stale++;
        else {
          // What is applied is what the log holds: a replay reads the rounded coordinates.
          const fix = decodePositionFix(received.vehicle_id, encodePositionFix(received));
          step.outbox.position(tenant_id, fix);
          takeFix(step, tenant_id, fix);
          counts.accepted++;
        }
      }
      return counts;
    }, headers);
  }
}
