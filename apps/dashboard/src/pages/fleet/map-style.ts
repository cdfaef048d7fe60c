import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';
import type { RoadMap } from '../../model/road-map';

/** Roads by their weight on the map, the lightest first, as they are drawn. */
const TIERS = [
  { id: 'residential', token: 'map-residential', from: 0.5, to: 5, from_zoom: 11, classes: null },
  {
    id: 'secondary',
    token: 'map-secondary',
    from: 0.9,
    to: 8,
    from_zoom: 9,
    classes: ['secondary', 'secondary_link', 'tertiary', 'tertiary_link'],
  },
  { id: 'primary', token: 'map-primary', from: 1.4, to: 11, from_zoom: 0, classes: ['primary', 'primary_link'] },
  {
    id: 'motorway',
    token: 'map-motorway',
    from: 2,
    to: 13,
    from_zoom: 0,
    classes: ['motorway', 'motorway_link', 'trunk', 'trunk_link'],
  },
] as const;

export const ROAD_LAYERS = TIERS.map(({ id }) => `roads-${id}`);

const CLASSED = TIERS.flatMap(({ classes }) => classes ?? []);
const EMPTY = { type: 'FeatureCollection', features: [] } as const;
const OVERVIEW_ZOOM = 10;
const STREET_ZOOM = 17;

/** Reads a colour token of the design. */
export type Colour = (token: string) => string;

const widening = (from: number, to: number): ExpressionSpecification => [
  'interpolate',
  ['exponential', 1.5],
  ['zoom'],
  OVERVIEW_ZOOM,
  from,
  STREET_ZOOM,
  to,
];

function roadLayer({ id, classes, from, to, from_zoom }: (typeof TIERS)[number], colour: string): LayerSpecification {
  const inTier: ExpressionSpecification = ['in', ['get', 'class'], ['literal', [...(classes ?? CLASSED)]]];
  return {
    id: `roads-${id}`,
    type: 'line',
    source: 'roads',
    minzoom: from_zoom,
    filter: classes === null ? ['!', inTier] : inTier,
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': colour, 'line-width': widening(from, to) },
  };
}

/** What is drawn over the roads, each from a source of its own. */
function overlay(
  id: string,
  colour: string,
  more: {
    dashed?: boolean;
    opacity?: number;
    width: readonly [number, number];
    filter?: ExpressionSpecification;
    source?: string;
  },
): LayerSpecification {
  return {
    id,
    type: 'line',
    source: more.source ?? id,
    ...(more.filter && { filter: more.filter }),
    layout: { 'line-cap': more.dashed === true ? 'butt' : 'round', 'line-join': 'round' },
    paint: {
      'line-color': colour,
      'line-width': widening(...more.width),
      ...(more.dashed === true && { 'line-dasharray': [1.2, 0.8] }),
      ...(more.opacity !== undefined && { 'line-opacity': more.opacity }),
    },
  };
}

const ofKind = (kind: string): ExpressionSpecification => ['==', ['get', 'kind'], kind];

/** The map without tiles, sprites or glyphs: nothing is fetched for it but the router's roads. */
export function mapStyle(colour: Colour, roads: RoadMap['answer']): StyleSpecification {
  const source = { type: 'geojson', data: EMPTY } as const;
  return {
    version: 8,
    sources: {
      roads: { type: 'geojson', data: { type: 'FeatureCollection', features: roads.features }, tolerance: 0.3 },
      incidents: source,
      picked: source,
      route: source,
      proposal: source,
      stops: source,
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': colour('ground') } },
      ...TIERS.map((tier) => roadLayer(tier, colour(tier.token))),
      overlay('weather', colour('series-2'), {
        source: 'incidents',
        filter: ofKind('weather'),
        width: [1, 8],
        opacity: 0.5,
      }),
      overlay('jam', colour('watch'), { source: 'incidents', filter: ofKind('jam'), width: [2.5, 10] }),
      overlay('closure', colour('bad'), {
        source: 'incidents',
        filter: ofKind('closure'),
        width: [3.5, 11],
        dashed: true,
      }),
      overlay('picked', colour('accent'), { width: [4, 14] }),
      overlay('route', colour('accent'), { width: [3, 9] }),
      overlay('proposal', colour('series-2'), { width: [3, 8], dashed: true }),
      {
        id: 'stops',
        type: 'circle',
        source: 'stops',
        paint: {
          'circle-radius': 5,
          'circle-color': colour('ground'),
          'circle-stroke-color': colour('accent'),
          'circle-stroke-width': 2,
        },
      },
    ],
  };
}

type PaintedProperty = 'background-color' | 'line-color' | 'circle-color' | 'circle-stroke-color';

/** Each painted property by layer, to change the theme without loading the roads again. */
export function paintOf(
  colour: Colour,
): readonly (readonly [layer: string, property: PaintedProperty, value: string])[] {
  return [
    ['ground', 'background-color', colour('ground')],
    ...TIERS.map(({ id, token }) => [`roads-${id}`, 'line-color', colour(token)] as const),
    ['weather', 'line-color', colour('series-2')],
    ['jam', 'line-color', colour('watch')],
    ['closure', 'line-color', colour('bad')],
    ['picked', 'line-color', colour('accent')],
    ['route', 'line-color', colour('accent')],
    ['proposal', 'line-color', colour('series-2')],
    ['stops', 'circle-color', colour('ground')],
    ['stops', 'circle-stroke-color', colour('accent')],
  ];
}
