import type { Health, TrafficIncident } from '@nerveline/contracts';
import { useLive, useSeconds, useVersion } from '../../app/live';
import { formatCount } from '../../design/format';
import { Panel, PanelList, PanelNote } from '../../design/Panel';
import panel from '../../design/panel.module.css';
import { StatusMark } from '../../design/StatusMark';
import { StreamState } from '../../design/StreamState';
import { When } from '../../design/When';
import type { Road, RoadMap } from '../../model/road-map';

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
    <Panel
      label="Incidents"
      title="On the roads"
      note={<PanelNote>{incidents.length === 0 ? 'free' : formatCount(incidents.length, 'holds', 'hold')}</PanelNote>}
    >
      <PanelList label="Incidents, newest first">
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
      </PanelList>
    </Panel>
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
      className={panel['item']}
      disabled={road === undefined}
      onClick={() => road && onSelect(road)}
    >
      <span className={panel['cut']}>
        <StatusMark health={INCIDENT_HEALTH[kind]} word={<bdi>{placed(incident.reason, road)}</bdi>} />
      </span>
      <span className={panel['below']}>
        <span>
          {speed_factor !== undefined && kind !== 'closure' && `${Math.round(speed_factor * ONE_HUNDRED)} % speed · `}
          {kind === 'closure' && 'closed · '}
          {formatCount(vehicles_hit, 'vehicle')}
          {ends_at_ms !== null && (
            <>
              {' · until '}
              <When at_ms={ends_at_ms} to="minute" />
            </>
          )}
        </span>
      </span>
    </button>
  );
}
