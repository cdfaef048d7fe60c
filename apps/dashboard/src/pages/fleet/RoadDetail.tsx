import type { TrafficIncident } from '@nerveline/contracts';
import { useState } from 'react';
import { useLive, useSeconds, useVersion } from '../../app/live';
import controls from '../../design/controls.module.css';
import { DetailPanel, DetailSection, Fact, Facts } from '../../design/DetailPanel';
import { formatCount } from '../../design/format';
import { StatusMark } from '../../design/StatusMark';
import { When } from '../../design/When';
import { roadName, segmentsOf, type Road, type RoadMap } from '../../model/road-map';
import { INCIDENT_HEALTH } from './IncidentsPanel';
import { ReportConfirm } from './ReportConfirm';
import { ReportForm } from './ReportForm';
import { newReport, type Report } from './report';
import styles from './fleet.module.css';

/** One road: what holds on it, and a form to report what does. */
export function RoadDetail({ road, map, onClose }: { road: Road; map: RoadMap; onClose: () => void }) {
  const { stores, principal } = useLive();
  useVersion(stores.fleet);
  useSeconds();
  const [report, setReport] = useState<Report>(() => newReport(road));
  const [confirming, setConfirming] = useState<Report | null>(null);
  const own = new Set(segmentsOf([road]));
  const incidents = stores.fleet
    .activeIncidents(stores.clock.event_now_ms('fleet'))
    .filter(({ segment_ids }) => segment_ids.some((segment) => own.has(segment)));
  const writes = principal.scopes.includes('fleet:write');
  return (
    <DetailPanel kicker="Road" title={<bdi>{roadName(road)}</bdi>} onClose={onClose}>
      <DetailSection title="The road">
        <Facts>
          <Fact name="Class">{road.properties.class.replaceAll('_', ' ')}</Fact>
          <Fact name="Directions">{road.properties.twin === null ? 'one way' : 'both'}</Fact>
          <Fact name="Planned over it">{formatCount(stores.fleet.vehiclesOver([...own]).length, 'vehicle')}</Fact>
        </Facts>
      </DetailSection>
      <DetailSection title="What holds">
        {incidents.length === 0 && <p className="muted">Nothing: it runs freely.</p>}
        <ul>
          {incidents.map((incident) => (
            <Holding
              key={incident.incident_id}
              incident={incident}
              writes={writes}
              onClear={() => setConfirming(clearing(incident, road))}
            />
          ))}
        </ul>
      </DetailSection>
      {writes ? (
        <DetailSection title="Report what you know">
          <ReportForm
            report={report}
            street={map.street(road)}
            onChange={setReport}
            onSubmit={() => setConfirming(report)}
          />
        </DetailSection>
      ) : (
        <p className={controls['notice']}>To report a jam or a closure takes the scope fleet:write.</p>
      )}
      {confirming !== null && (
        <ReportConfirm
          report={confirming}
          roads={confirming.scope === 'street' ? map.street(road) : [road]}
          onClose={(done) => {
            setConfirming(null);
            if (done) setReport(newReport(road));
          }}
        />
      )}
    </DetailPanel>
  );
}

const clearing = (incident: TrafficIncident, road: Road): Report => ({
  ...newReport(road),
  kind: 'cleared',
  incident_id: incident.incident_id,
  segment_ids: incident.segment_ids,
  reason: `${incident.reason} is over`,
});

function Holding({ incident, writes, onClear }: { incident: TrafficIncident; writes: boolean; onClear: () => void }) {
  return (
    <li className={styles['holding']}>
      <StatusMark health={INCIDENT_HEALTH[incident.kind]} word={<bdi>{incident.reason}</bdi>} />
      {incident.ends_at_ms !== null && (
        <span className="muted">
          until <When at_ms={incident.ends_at_ms} to="minute" />
        </span>
      )}
      {writes && (
        <button type="button" className={controls['button']} onClick={onClear}>
          It is over
        </button>
      )}
    </li>
  );
}
