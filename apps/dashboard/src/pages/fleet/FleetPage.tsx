import { lazy, Suspense, useMemo, useState } from 'react';
import { useStreams } from '../../app/live';
import { setParams, useRoute } from '../../app/router';
import { useShortcuts } from '../../app/shortcuts';
import controls from '../../design/controls.module.css';
import { cx } from '../../design/cx';
import panel from '../../design/panel.module.css';
import { Segmented } from '../../design/Segmented';
import type { Road } from '../../model/road-map';
import { FleetMetrics } from './FleetMetrics';
import { FleetTable } from './FleetTable';
import { IncidentsPanel } from './IncidentsPanel';
import { ProposalsPanel } from './ProposalsPanel';
import { RoadDetail } from './RoadDetail';
import { useRoadMap } from './use-road-map';
import { VehicleDetail } from './VehicleDetail';
import { hasWebGl } from './webgl';
import styles from './fleet.module.css';

const MapView = lazy(() => import('./MapView'));

const selectVehicle = (id: string | null) =>
  setParams({ vehicle: id, proposal: null, road: null }, id === null ? 'replace' : 'push');
const selectRoad = (road: Road | null) =>
  setParams({ road: road === null ? null : String(road.id), vehicle: null, proposal: null });
const closeDetail = () => setParams({ vehicle: null, proposal: null, road: null });

/** Vehicles on the router's own roads, what slows them, and what the router proposes. */
export default function FleetPage() {
  useStreams('fleet.vehicles', 'fleet.plans', 'fleet.traffic', 'fleet.decisions');
  const { params } = useRoute();
  const roads = useRoadMap();
  const [can_draw] = useState(hasWebGl);
  const view = can_draw && params.get('view') !== 'table' ? 'map' : 'table';
  const vehicle = params.get('vehicle');
  const road_id = params.get('road');
  const road = road_id === null || roads.kind !== 'map' ? undefined : roads.map.road(Number(road_id));

  const toggleView = () => setParams({ view: view === 'map' ? 'table' : null });
  useShortcuts(useMemo(() => (can_draw ? { m: toggleView } : {}), [can_draw, view]));
  const chosen = vehicle !== null || road !== undefined;
  useShortcuts(useMemo(() => (chosen ? { Escape: closeDetail } : {}), [chosen]));

  return (
    <div className={cx(panel['page'], styles['page'], chosen && styles['detailed'])}>
      <div className={cx(panel['beside'], styles['left'])}>
        <ProposalsPanel selected={params.get('proposal')} />
        <IncidentsPanel map={roads.kind === 'map' ? roads.map : null} onSelect={selectRoad} />
      </div>
      <div className={cx(panel['content'], styles['middle'])}>
        <div className={styles['bar']}>
          <FleetMetrics />
          {can_draw ? (
            <Segmented
              label="View"
              value={view}
              options={VIEWS}
              onChange={(value) => setParams({ view: value === 'table' ? value : null })}
            />
          ) : (
            <span className="muted">This browser draws no map (WebGL is off).</span>
          )}
        </div>
        {view === 'table' && <FleetTable selected={vehicle} onSelect={selectVehicle} />}
        {view === 'map' && roads.kind === 'map' && (
          <Suspense fallback={<MapNotice>Opening the map</MapNotice>}>
            <MapView
              map={roads.map}
              vehicle={vehicle}
              proposal={params.get('proposal')}
              road={road}
              onVehicle={selectVehicle}
              onRoad={selectRoad}
            />
          </Suspense>
        )}
        {view === 'map' && roads.kind === 'loading' && <MapNotice>Fetching the roads</MapNotice>}
        {view === 'map' && roads.kind === 'failed' && (
          <div className={controls['notice']} role="alert">
            <strong>The roads could not be fetched.</strong>
            <p>{roads.detail}</p>
            <button type="button" className={controls['button']} onClick={roads.retry}>
              Ask again
            </button>
          </div>
        )}
      </div>
      {vehicle !== null && <VehicleDetail id={vehicle} onClose={closeDetail} />}
      {road !== undefined && roads.kind === 'map' && (
        <RoadDetail key={road.id} road={road} map={roads.map} onClose={closeDetail} />
      )}
    </div>
  );
}

const VIEWS = [
  { value: 'map', label: 'Map' },
  { value: 'table', label: 'Table' },
] as const;

function MapNotice({ children }: { children: string }) {
  return (
    <p className={controls['notice']} role="status">
      <span className={controls['waiting']}>{children}</span>
    </p>
  );
}
