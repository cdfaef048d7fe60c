import type { PositionFix, TenantId } from '@nerveline/contracts';
import { unreachable } from '@nerveline/kernel';
import type { Vehicle } from '../domain/fleet/vehicle';
import { track } from '../domain/tracking/track';
import { closeProposal } from './record-decision';
import { reconsiderRoute } from './reconsider-route';
import { settleVehicle } from './settle-change';
import type { Step } from './step';

/** Applies a fix that is in the log (or on its way into it): live and in a replay. */
export function takeFix(step: Step, tenant_id: TenantId, fix: PositionFix): void {
  const { world, outbox } = step;
  const fleet = world.fleet(tenant_id);
  const vehicle = fleet.vehicle(fix.vehicle_id);
  settleVehicle(step, tenant_id, vehicle);
  const { graph, tracking } = world.surroundings;
  // A fix is its own clock: what it brings about must not depend on when it was received.
  const occasion = { tenant_id, event_ms: fix.event_ms, event_clock_ms: fix.event_ms };
  const outcome = track(vehicle, fix, { graph, policy: tracking });
  outbox.touch(tenant_id, vehicle);
  switch (outcome) {
    case 'moved':
      return;
    case 'arrived':
      closeProposal(step, vehicle, { occasion, outcome: 'expired', reason: 'the vehicle arrived' });
      fleet.arrive(vehicle, fix.event_ms);
      outbox.touch(tenant_id, vehicle, { plan: true });
      return;
    case 'passed_fork':
      closeProposal(step, vehicle, { occasion, outcome: 'expired', reason: 'the turn was passed' });
      return;
    case 'off_route':
      if (isDue(vehicle, fix.event_ms, world.surroundings.reroute.min_between_replans_ms)) {
        reconsiderRoute(step, vehicle, {
          ...occasion,
          trigger: 'off_route',
          incident_id: null,
          reason: 'left its route',
        });
      }
      return;
    default:
      unreachable(outcome);
  }
}

const isDue = (vehicle: Vehicle, now_ms: number, pause_ms: number): boolean =>
  vehicle.last_look_ms === null || now_ms - vehicle.last_look_ms >= pause_ms;
