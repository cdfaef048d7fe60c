import type { Health, TrafficIncident } from '@nerveline/contracts';
import { useLive, useSeconds, useVersion } from '../../app/live';
import { formatInteger } from '../../design/format';
import { StatusMark } from '../../design/StatusMark';
import { StreamState } from '../../design/StreamState';
import { When } from '../../design/When';
import type { Road, RoadMap } from '../../model/road-map';
import styles from './fleet.module.css';

export const INCIDENT_HEALTH: Readonly<Record<TrafficIncident['kind'], Health>> = {
  closure: 'bad',
  jam: 'watch',
  weather: 'watch',
  cleared: 'good',
};

const ONE_HUNDRED = 100;

/** What holds now on the roads, newest first. */
export function IncidentsPanel({ map, onSelect }: { map: RoadMap | null; onSelect: (road: Road) => void }) {
  const { stores } = useLive();
  useVersion(stores.fleet);
  useSeconds();
  const incidents = stores.fleet.activeIncidents(stores.clock.event_now_ms('fleet')).reverse();
  return (
    <section className={styles['panel']} aria-label="Incidents">
      <header className={styles['panelHead']}>
        <h2>On the roads</h2>
        <span className="muted">{incidents.length === 0 ? 'free' : `${incidents.length} hold`}</span>
      </header>
      <div className={styles['list']} tabIndex={0} role="group" aria-label="Incidents, newest first">
        {incidents.length === 0 && (
          <StreamState stream="fleet.traffic" empty="No jam, closure or storm. Click a road to report one." />
        )}
        <ol>
          {incidents.map((incident) => (
            <li key={incident.incident_id}>
              <Incident incident={incident} road={map?.roadsOf(incident.segment_ids)[0]} onSelect={onSelect} />
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

/** "rush hour, Ring East": where it is, if the reason doesn't say so. */
function placed(reason: string, road: Road | undefined): string {
  const name = road === undefined ? '' : road.properties.name;
  return name === '' || reason.includes(name) ? reason : `${reason}, ${name}`;
}

function Incident({
  incident,
  road,
  onSelect,
}: {
  incident: TrafficIncident;
  road: Road | undefined;
  onSelect: (road: Road) => void;
}) {
  const { kind, speed_factor, ends_at_ms, vehicles_hit } = incident;
  return (
    <button
      type="button"
      className={styles['incident']}
      disabled={road === undefined}
      onClick={() => road && onSelect(road)}
    >
      <StatusMark health={INCIDENT_HEALTH[kind]} word={<bdi>{placed(incident.reason, road)}</bdi>} />
      <span className={styles['arrivals']}>
        {speed_factor !== undefined && kind !== 'closure' && `${Math.round(speed_factor * ONE_HUNDRED)} % speed · `}
        {kind === 'closure' && 'closed · '}
        {formatInteger(vehicles_hit)} vehicles
        {ends_at_ms !== null && (
          <>
            {' · until '}
            <When at_ms={ends_at_ms} to="minute" />
          </>
        )}
      </span>
    </button>
  );
}
