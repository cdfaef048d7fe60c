import { Map as MapLibreMap, setWorkerUrl } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import type { RoadMap } from '../../model/road-map';
import { mapStyle, type Colour } from './map-style';

// A file of our own origin, so that no blob is needed under the gateway's content policy.
setWorkerUrl(workerUrl);

const AROUND = 0.5;
const MAX_ZOOM = 18;
/** The key stands at the bottom. */
export const FIT_PADDING_PX = { top: 24, left: 24, right: 24, bottom: 72 };

type Box = RoadMap['answer']['bbox'];

const grown = ([west, south, east, north]: Box): Box => {
  const x = (east - west) * AROUND;
  const y = (north - south) * AROUND;
  return [west - x, south - y, east + x, north + y];
};

/** Draws the roads. North is up and nothing tilts: streets keep their place from glance to glance. */
export function openMap(container: HTMLElement, roads: RoadMap, colour: Colour): MapLibreMap {
  const { bbox } = roads.answer;
  const map = new MapLibreMap({
    container,
    style: mapStyle(colour, roads.answer),
    bounds: bbox,
    fitBoundsOptions: { padding: FIT_PADDING_PX },
    maxBounds: grown(bbox),
    maxZoom: MAX_ZOOM,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    attributionControl: false,
    renderWorldCopies: false,
    fadeDuration: 0,
    locale: { 'Map.Title': 'The roads and the vehicles on them; the table view says the same' },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  return map;
}
