import type { ProgressPolicy } from './advance';
import type { OffRoutePolicy } from './off-route';

export interface TrackingPolicy {
  readonly progress: ProgressPolicy;
  readonly off_route: OffRoutePolicy;
  /** How far from a road a vehicle may be that is put back on the network. */
  readonly snap_m: number;
  /** Slower than this, a heading says nothing. */
  readonly heading_gate_mps: number;
}

export const trackingPolicy: TrackingPolicy = {
  progress: { window_back_m: 60, window_ahead_m: 100, top_speed_mps: 45, arrive_m: 25 },
  off_route: {
    leave_m: 35,
    back_m: 18,
    accuracy_gate_m: 60,
    usual_accuracy_m: 10,
    leave_fixes: 3,
    leave_ms: 4_000,
    leave_travel_m: 50,
    back_fixes: 2,
    jump_mps: 70,
  },
  snap_m: 90,
  heading_gate_mps: 2,
};
