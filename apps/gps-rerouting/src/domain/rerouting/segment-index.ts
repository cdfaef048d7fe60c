/** Where in its way a vehicle has a segment for the last time. */
type LastVisits = Map<number, number>;

/** Which vehicles still have a segment ahead: what makes a jam find exactly the vehicles that it hits. */
export class SegmentIndex<Id extends string> {
  readonly #vehicles_on = new Map<number, Set<Id>>();
  readonly #visits = new Map<Id, LastVisits>();

  /** Takes over a vehicle's way in the place of its former one. */
  set(vehicle_id: Id, segment_ids: readonly number[]): void {
    this.remove(vehicle_id);
    const visits: LastVisits = new Map();
    segment_ids.forEach((edge, index) => visits.set(edge, index));
    this.#visits.set(vehicle_id, visits);
    for (const edge of visits.keys()) {
      const vehicles = this.#vehicles_on.get(edge);
      if (vehicles === undefined) this.#vehicles_on.set(edge, new Set([vehicle_id]));
      else vehicles.add(vehicle_id);
    }
  }

  remove(vehicle_id: Id): void {
    for (const edge of this.#visits.get(vehicle_id)?.keys() ?? []) {
      const vehicles = this.#vehicles_on.get(edge);
      vehicles?.delete(vehicle_id);
      if (vehicles?.size === 0) this.#vehicles_on.delete(edge);
    }
    this.#visits.delete(vehicle_id);
  }

  /**
   * The vehicles that have at least one of the segments under or ahead of them, in the order of their ids.
   *
   * @param progressOf where in its way a vehicle is, as a number of its segments
   */
  hit(segment_ids: Iterable<number>, progressOf: (vehicle_id: Id) => number): Id[] {
    const hit = new Set<Id>();
    for (const edge of segment_ids) {
      for (const vehicle_id of this.#vehicles_on.get(edge) ?? []) {
        if (hit.has(vehicle_id)) continue;
        const last_visit = this.#visits.get(vehicle_id)?.get(edge) ?? -1;
        if (last_visit >= progressOf(vehicle_id)) hit.add(vehicle_id);
      }
    }
    return [...hit].sort();
  }
}
