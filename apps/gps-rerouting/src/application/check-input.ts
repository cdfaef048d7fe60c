import type { TrafficRequest, VehicleId } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';
import type { LatLon } from '../domain/graph/geo';
import type { RoadGraph } from '../domain/graph/road-graph';

/** How far the sender's clock may run ahead of the source's. */
export const MAX_AHEAD_MS = 60_000;
/** Positions are kept this long; an older fix belongs nowhere. */
export const MAX_BEHIND_MS = 7 * 24 * 3_600_000;
/** The longest that an incident is announced for. A road that stays closed is none: its end is nobody's to know. */
const MAX_INCIDENT_MS = 366 * 24 * 3_600_000;
/** How far from the roads' bounds a place still counts as on the map. */
export const MAP_MARGIN_M = 1_000;

/** @throws NervelineError `NL-FLT-001`, `NL-FLT-002` naming the field */
export function checkEventTime(event_ms: number, now_ms: number, field: string): void {
  if (event_ms > now_ms + MAX_AHEAD_MS) {
    const detail = `${field} is ${event_ms - now_ms} ms ahead of the event clock, and ${MAX_AHEAD_MS} are allowed`;
    throw new NervelineError('NL-FLT-001', { detail, field });
  }
  if (event_ms < now_ms - MAX_BEHIND_MS) {
    const detail = `${field} is ${now_ms - event_ms} ms behind the event clock, and ${MAX_BEHIND_MS} are allowed`;
    throw new NervelineError('NL-FLT-002', { detail, field });
  }
}

/** @throws NervelineError `NL-FLT-017` naming the field */
export function checkEnd({ kind, ends_at_ms }: TrafficRequest, now_ms: number): void {
  const field = 'ends_at_ms';
  if (ends_at_ms === null) return;
  if (ends_at_ms > now_ms + MAX_INCIDENT_MS) {
    const detail = `${field} is ${ends_at_ms - now_ms} ms ahead of the event clock, and ${MAX_INCIDENT_MS} are allowed`;
    throw new NervelineError('NL-FLT-017', { detail, field });
  }
  // What is cleared may have been over anyway.
  if (kind === 'cleared' || ends_at_ms > now_ms) return;
  throw new NervelineError('NL-FLT-017', { detail: `${field} is past: it is ${now_ms} by the event clock`, field });
}

/** @throws NervelineError `NL-FLT-003` naming the field */
export function checkOnMap(place: LatLon, graph: RoadGraph, field: string): void {
  if (!graph.covers(place, MAP_MARGIN_M)) throw offMap(place, graph, field);
}

/** What is said of a place off the map. */
export function offMap(place: LatLon, graph: RoadGraph, field: string): NervelineError {
  const swapped = graph.covers({ lat: place.lon, lon: place.lat }, MAP_MARGIN_M);
  const detail = `${field} lies off the map${swapped ? '; lat and lon seem to be swapped' : ''}`;
  return new NervelineError('NL-FLT-003', { detail, field });
}

/** What is said to who speaks of a vehicle that `fleet.vehicles` doesn't have. */
export const unknownVehicle = (vehicle_id: VehicleId | undefined, field: string): NervelineError =>
  new NervelineError('NL-FLT-015', { detail: `there is no vehicle ${vehicle_id} in the fleet`, field });
