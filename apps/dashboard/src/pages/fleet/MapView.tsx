import 'maplibre-gl/dist/maplibre-gl.css';
import type { Map as MapLibreMap } from 'maplibre-gl';
import { Maximize, Minus, Plus } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useLive, useSeconds, useStale, useVersion } from '../../app/live';
import { useShownTheme } from '../../app/preferences';
import { useShortcuts } from '../../app/shortcuts';
import { roadName, type Road, type RoadMap } from '../../model/road-map';
import { STANDING_WORDS, standingOf } from '../../model/vehicle-standing';
import { MapKey } from './MapKey';
import { paintOf, ROAD_LAYERS, type Colour } from './map-style';
import { FIT_PADDING_PX, openMap } from './open-map';
import { showIncidents, showPicked, showWays } from './road-layers';
import { VehicleCanvas } from './vehicle-canvas';
import { VehicleScene } from './vehicle-scene';
import styles from './fleet.module.css';

interface MapViewProps {
  readonly map: RoadMap;
  readonly vehicle: string | null;
  readonly proposal: string | null;
  readonly road: Road | undefined;
  readonly onVehicle: (id: string | null) => void;
  readonly onRoad: (road: Road) => void;
}

interface Opened {
  readonly map: MapLibreMap;
  readonly scene: VehicleScene;
}

/** A finger or a tired hand needs some room around a line. */
const ROAD_REACH_PX = 5;
const CLOSE_ZOOM = 14;

const colourOf =
  (element: Element): Colour =>
  (token) =>
    getComputedStyle(element).getPropertyValue(`--${token}`).trim();

/** The roads, the vehicles on them and what was chosen. */
export default function MapView(props: MapViewProps) {
  const box = useRef<HTMLDivElement>(null);
  const opened = useOpened(box, props.map);
  useColours(box, opened);
  useOverlays(opened, props);
  const hovered = usePointer(opened, props);
  const zoom = useZoom(opened, props.map);
  return (
    <div ref={box} className={styles['mapBox']}>
      <div data-map="" className={styles['map']} />
      <canvas className={styles['vehicles']} aria-hidden="true" />
      <div className={styles['mapTools']} role="group" aria-label="Zoom">
        <button type="button" aria-label="Closer" title="Closer (+)" disabled={opened === null} onClick={zoom.in}>
          <Plus size={16} aria-hidden="true" />
        </button>
        <button type="button" aria-label="Further" title="Further (−)" disabled={opened === null} onClick={zoom.out}>
          <Minus size={16} aria-hidden="true" />
        </button>
        <button
          type="button"
          aria-label="The whole map"
          title="The whole map (0)"
          disabled={opened === null}
          onClick={zoom.all}
        >
          <Maximize size={16} aria-hidden="true" />
        </button>
      </div>
      <MapKey says={opened === null ? 'Drawing the roads…' : hovered} />
    </div>
  );
}

function useOpened(box: React.RefObject<HTMLDivElement | null>, roads: RoadMap): Opened | null {
  const { stores } = useLive();
  const [opened, setOpened] = useState<Opened | null>(null);
  useEffect(() => {
    const container = box.current?.querySelector<HTMLElement>('[data-map]');
    const drawing = box.current?.querySelector('canvas');
    const canvas = drawing == null ? null : VehicleCanvas.on(drawing);
    if (container == null || canvas === null) return undefined;
    const colour = colourOf(container);
    const map = openMap(container, roads, colour);
    const scene = new VehicleScene(map, canvas, stores.fleet);
    // Vehicles are there before the roads, which a slow machine draws for seconds.
    scene.paint(colour);
    map.once('load', () => setOpened({ map, scene }));
    return () => {
      scene.dispose();
      map.remove();
      setOpened(null);
    };
  }, [box, roads, stores]);
  return opened;
}

/** Follows the theme, and greys out while the data is stale. */
function useColours(box: React.RefObject<HTMLDivElement | null>, opened: Opened | null): void {
  const theme = useShownTheme();
  const stale = useStale();
  useEffect(() => {
    if (opened === null || box.current === null) return;
    const colour = colourOf(box.current);
    for (const [layer, property, value] of paintOf(colour)) opened.map.setPaintProperty(layer, property, value);
    opened.scene.paint(colour);
  }, [box, opened, theme, stale]);
}

function useOverlays(opened: Opened | null, { map: roads, vehicle, proposal, road }: MapViewProps): void {
  const { stores } = useLive();
  const { fleet, clock } = stores;
  useVersion(fleet);
  useSeconds();
  const incidents = fleet.activeIncidents(clock.event_now_ms('fleet'));
  const incidents_key = incidents.map(({ incident_id, metric_version }) => `${incident_id} ${metric_version}`).join();
  useEffect(() => {
    if (opened !== null) showIncidents(opened.map, roads, incidents);
  }, [opened, roads, incidents_key]);
  useEffect(() => {
    if (opened !== null) showPicked(opened.map, road);
  }, [opened, road]);

  const plan = vehicle === null ? undefined : fleet.plans.get(vehicle);
  const proposed = proposal === null ? undefined : fleet.proposals.get(proposal);
  useEffect(() => {
    if (opened !== null) showWays(opened.map, plan, proposed);
  }, [opened, plan, proposed]);

  const known = vehicle !== null && fleet.vehicles.has(vehicle);
  useEffect(() => {
    opened?.scene.choose(vehicle);
    const state = vehicle === null ? undefined : fleet.vehicles.get(vehicle)?.state;
    if (opened === null || state === undefined) return;
    if (opened.map.getBounds().contains([state.lon, state.lat]) && opened.map.getZoom() >= CLOSE_ZOOM - 1) return;
    opened.map.easeTo({ center: [state.lon, state.lat], zoom: Math.max(CLOSE_ZOOM, opened.map.getZoom()) });
  }, [opened, vehicle, known]);
}

/** Clicks choose a vehicle or a road; what lies under the pointer is named. */
function usePointer(opened: Opened | null, { map: roads, onVehicle, onRoad }: MapViewProps): string | null {
  const { stores } = useLive();
  const [hovered, setHovered] = useState<string | null>(null);
  useEffect(() => {
    if (opened === null) return undefined;
    const { map, scene } = opened;
    const roadAt = (x: number, y: number): Road | undefined => {
      const found = map.queryRenderedFeatures(
        [
          [x - ROAD_REACH_PX, y - ROAD_REACH_PX],
          [x + ROAD_REACH_PX, y + ROAD_REACH_PX],
        ],
        { layers: ROAD_LAYERS },
      );
      const id = found[0]?.id;
      return typeof id === 'number' ? roads.road(id) : undefined;
    };
    const click = map.on('click', ({ point }) => {
      const vehicle = scene.at(point.x, point.y);
      const road = vehicle === null ? roadAt(point.x, point.y) : undefined;
      if (road !== undefined) onRoad(road);
      else onVehicle(vehicle);
    });
    const move = map.on('mousemove', ({ point }) => {
      const vehicle = scene.at(point.x, point.y);
      const state = vehicle === null ? undefined : stores.fleet.vehicles.get(vehicle)?.state;
      const road = state === undefined ? roadAt(point.x, point.y) : undefined;
      map.getCanvas().style.cursor = state === undefined && road === undefined ? '' : 'pointer';
      if (state !== undefined) setHovered(`${vehicle}, ${STANDING_WORDS[standingOf(state)]}`);
      else setHovered(road === undefined ? null : roadName(road));
    });
    return () => {
      click.unsubscribe();
      move.unsubscribe();
    };
  }, [opened, roads, stores]);
  return hovered;
}

function useZoom(opened: Opened | null, roads: RoadMap) {
  const zoom = useMemo(
    () => ({
      in: () => opened?.map.zoomIn(),
      out: () => opened?.map.zoomOut(),
      all: () => opened?.map.fitBounds(roads.answer.bbox, { padding: FIT_PADDING_PX }),
    }),
    [opened, roads],
  );
  const keys = useMemo(() => ({ '+': zoom.in, '=': zoom.in, '-': zoom.out, '0': zoom.all }), [zoom]);
  useShortcuts(keys);
  return zoom;
}
