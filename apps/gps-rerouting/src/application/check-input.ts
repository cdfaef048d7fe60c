import { NervelineError } from '@nerveline/kernel';
import type { LatLon } from '../domain/graph/geo';
import type { RoadGraph } from '../domain/graph/road-graph';

/** How far the sender's clock may run ahead of the source's. */
export const MAX_AHEAD_MS = 60_000;
/** Positions are kept this long; an older fix belongs nowhere. */
export const MAX_BEHIND_MS = 7 * 24 * 3_600_000;
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

/** @throws NervelineError `NL-FLT-003` naming the field */
export function checkOnMap(place: LatLon, graph: RoadGraph, field: string): void {
  if (graph.covers(place, MAP_MARGIN_M)) return;
  const swapped = graph.covers({ lat: place.lon, lon: place.lat }, MAP_MARGIN_M);
  const detail = `${field} lies off the map${swapped ? '; lat and lon seem to be swapped' : ''}`;
  throw new NervelineError('NL-FLT-003', { detail, field });
}
