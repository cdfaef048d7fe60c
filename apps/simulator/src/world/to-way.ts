import type { VehiclePlan } from '@nerveline/contracts';
import type { Way } from './driver';

/** What a driver needs of a plan. */
export function toWay({ plan_version, geometry, stops, made_ms }: VehiclePlan): Way {
  return { plan_version, geometry, duration_ms: (stops.at(-1)?.eta_ms ?? made_ms) - made_ms };
}
