import type { ReadVector, TrafficIncident, VehicleId } from '@nerveline/contracts';
import type { RecordHeaders } from '@nerveline/kernel';

/**
 * A change of the traffic of which not every vehicle's decision is made yet. What a decision depends on stays as the
 * change found it: the weights, because the next change waits for this one, and the vehicle, because nothing touches it
 * before its decision is made. So it doesn't matter when that is, nor what happens to other vehicles meanwhile.
 */
export interface OpenChange {
  readonly report: TrafficIncident;
  /** Everybody whom it concerns, in the order of their ids. */
  readonly vehicle_ids: readonly VehicleId[];
  /** Those who wait for their decision. */
  readonly waiting: Set<VehicleId>;
  /** The next offset of each input partition right after the change: what each of its decisions saw. */
  readonly seen: ReadVector['offsets'];
  /** Of the act that brought the change. */
  readonly headers: RecordHeaders;
}
