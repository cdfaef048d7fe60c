import { useLive, useSeconds, useVersion } from '../../app/live';
import controls from '../../design/controls.module.css';
import { DetailPanel, DetailSection, Fact, Facts } from '../../design/DetailPanel';
import { formatAge, formatDistance, formatInteger, formatSigned, formatTime } from '../../design/format';
import { Sparkline } from '../../design/Sparkline';
import { When } from '../../design/When';
import type { VehicleRow } from '../../model/fleet-store';
import { isSilent } from '../../model/vehicle-standing';
import { VehicleStanding } from './FleetTable';
import { ProposalAnswer } from './ProposalsPanel';
import styles from './fleet.module.css';

const KMH_PER_MPS = 3.6;
const SHOWN_PROPOSALS = 8;
const LATE_FROM_MS = 1_000;
/** An arrival that moves by seconds is steady: its line stays level. */
const ETA_SPAN_MS = 60_000;

const CAUSES = {
  planned: 'as planned',
  proposal_accepted: 'a proposal was accepted',
  off_route: 'it left its way',
  closure: 'its way was closed',
  orders: 'its orders changed',
} as const;

/** One vehicle: where it is on its way, when it arrives, and what was proposed to it. */
export function VehicleDetail({ id, onClose }: { id: string; onClose: () => void }) {
  const { stores } = useLive();
  useVersion(stores.fleet);
  useSeconds();
  const row = stores.fleet.vehicles.get(id);
  return (
    <DetailPanel kicker="Vehicle" title={id} onClose={onClose}>
      {row === undefined ? (
        <p className={controls['notice']}>No vehicle of this name has sent a fix.</p>
      ) : (
        <>
          <Progress row={row} />
          <Stops id={id} />
          <Proposed id={id} />
        </>
      )}
    </DetailPanel>
  );
}

function Progress({ row }: { row: VehicleRow }) {
  const { stores } = useLive();
  const { state, etas } = row;
  const event_now_ms = stores.clock.event_now_ms('fleet');
  const history = etas.toArray().reverse();
  return (
    <DetailSection title="Now">
      <Facts>
        <Fact name="Standing">
          <VehicleStanding state={state} silent={isSilent(state, event_now_ms, stores.clock.speedOf('fleet'))} />
        </Fact>
        {state.eta_ms !== null && (
          <>
            <Fact name="Arrives">
              <When at_ms={state.eta_ms} />
              {Math.abs(state.delay_ms) >= LATE_FROM_MS && ` (${formatSigned(state.delay_ms)} to the plan)`}
            </Fact>
            <Fact name="To go">{formatDistance(state.remaining_m)}</Fact>
          </>
        )}
        <Fact name="Speed">{formatInteger(state.speed_mps * KMH_PER_MPS)} km/h</Fact>
        <Fact name="Last fix">{formatAge(event_now_ms - state.event_ms)} ago</Fact>
        {state.depot_id !== null && <Fact name="Depot">{state.depot_id}</Fact>}
      </Facts>
      {history.length > 2 && (
        <figure className={styles['etas']}>
          <Sparkline
            values={history.map(({ eta_ms }) => eta_ms)}
            width={350}
            least_span={ETA_SPAN_MS}
            height={36}
            label="Expected arrival since the page opened"
          />
          <figcaption className="muted">
            Expected arrival since {formatTime(history[0]?.event_ms ?? 0)}, from{' '}
            {formatTime(Math.min(...history.map(({ eta_ms }) => eta_ms)))} to{' '}
            {formatTime(Math.max(...history.map(({ eta_ms }) => eta_ms)))}
          </figcaption>
        </figure>
      )}
    </DetailSection>
  );
}

function Stops({ id }: { id: string }) {
  const { stores } = useLive();
  const plan = stores.fleet.plans.get(id);
  if (plan === undefined) return null;
  return (
    <DetailSection title={`Way ${plan.plan_version}: ${CAUSES[plan.cause]}`}>
      <ol>
        {plan.stops.map((stop, index) => (
          <li key={`${index} ${stop.label}`} className={controls['line']}>
            <span className="muted">{index + 1}</span>
            <bdi>{stop.label}</bdi>
            <When at_ms={stop.eta_ms} to="minute" />
          </li>
        ))}
      </ol>
    </DetailSection>
  );
}

function Proposed({ id }: { id: string }) {
  const { stores } = useLive();
  const proposals = stores.fleet.proposalsNewestFirst().filter(({ vehicle_id }) => vehicle_id === id);
  if (proposals.length === 0) return null;
  return (
    <DetailSection title="Proposals">
      <ol>
        {proposals.slice(0, SHOWN_PROPOSALS).map((proposal) => (
          <li key={proposal.proposal_id} className={styles['proposed']}>
            <span>
              <bdi>{proposal.reason}</bdi>
              {proposal.gain_ms !== 0 && `, ${formatSigned(-proposal.gain_ms)}`}
            </span>
            <ProposalAnswer proposal={proposal} />
          </li>
        ))}
      </ol>
    </DetailSection>
  );
}
