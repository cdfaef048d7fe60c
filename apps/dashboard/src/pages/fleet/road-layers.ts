import type { RerouteDecision, TrafficIncident, VehiclePlan } from '@nerveline/contracts';
import type { GeoJSONSource, Map as MapLibreMap } from 'maplibre-gl';
import type { Road, RoadMap } from '../../model/road-map';

interface Feature<Geometry> {
  readonly type: 'Feature';
  readonly properties: Readonly<Record<string, unknown>>;
  readonly geometry: Geometry;
}
type LineFeature = Feature<{ readonly type: 'LineString'; readonly coordinates: number[][] }>;
type PointFeature = Feature<{ readonly type: 'Point'; readonly coordinates: number[] }>;

function show(map: MapLibreMap, source: string, features: readonly (LineFeature | PointFeature)[]): void {
  void map.getSource<GeoJSONSource>(source)?.setData({ type: 'FeatureCollection', features: [...features] });
}

const line = (
  coordinates: readonly (readonly number[])[],
  properties: LineFeature['properties'] = {},
): LineFeature => ({
  type: 'Feature',
  properties,
  geometry: { type: 'LineString', coordinates: coordinates.map((point) => [...point]) },
});

/** What holds on the roads. A closure covers a jam on the same road, since it is drawn above it. */
export function showIncidents(map: MapLibreMap, roads: RoadMap, incidents: readonly TrafficIncident[]): void {
  const features = incidents.flatMap(({ kind, segment_ids }) =>
    roads.roadsOf(segment_ids).map((road) => line(road.geometry.coordinates, { kind })),
  );
  show(map, 'incidents', features);
}

export const showPicked = (map: MapLibreMap, road: Road | undefined): void =>
  show(map, 'picked', road === undefined ? [] : [road]);

/** The chosen vehicle's way with its stops, and the other way that is proposed. */
export function showWays(map: MapLibreMap, plan: VehiclePlan | undefined, proposal: RerouteDecision | undefined): void {
  show(map, 'route', plan === undefined ? [] : [line(plan.geometry)]);
  show(map, 'proposal', proposal === undefined || proposal.outcome !== 'proposed' ? [] : [line(proposal.geometry)]);
  const stops = (plan?.stops ?? []).map(({ lon, lat }): PointFeature => ({
    type: 'Feature',
    properties: {},
    geometry: { type: 'Point', coordinates: [lon, lat] },
  }));
  show(map, 'stops', stops);
}
