import type { RerouteDecision } from '@nerveline/contracts';
import { useState } from 'react';
import { useLive, useVersion } from '../../app/live';
import { Link } from '../../app/router';
import { idempotencyKey } from '../../client/idempotency-key';
import controls from '../../design/controls.module.css';
import { cx } from '../../design/cx';
import { formatCount, formatSigned } from '../../design/format';
import { Panel, PanelList, PanelNote } from '../../design/Panel';
import panel from '../../design/panel.module.css';
import { StatusMark } from '../../design/StatusMark';
import { StreamState } from '../../design/StreamState';
import { When } from '../../design/When';
import styles from './fleet.module.css';

const SHOWN = 80;

const OUTCOME_WORDS: Readonly<Record<RerouteDecision['outcome'], string>> = {
  proposed: 'waits for an answer',
  left_alone: 'left alone',
  applied: 'applied by the router',
  accepted: 'accepted',
  declined: 'declined',
  expired: 'expired',
  no_route: 'no other way',
};

const proposalLink = ({ vehicle_id, proposal_id }: RerouteDecision): string =>
  `/fleet?vehicle=${encodeURIComponent(vehicle_id)}&proposal=${encodeURIComponent(proposal_id)}`;

/** What the router proposes, newest first: above what waits for an answer, below what has one. */
export function ProposalsPanel({ selected }: { selected: string | null }) {
  const { stores } = useLive();
  useVersion(stores.fleet);
  const proposals = stores.fleet.proposalsNewestFirst();
  const waiting = proposals.filter(({ outcome }) => outcome === 'proposed');
  const answered = proposals.filter(({ outcome }) => outcome !== 'proposed');
  return (
    <Panel
      label="Proposals"
      title="Proposals"
      note={<PanelNote>{waiting.length === 0 ? 'none waits' : formatCount(waiting.length, 'waits', 'wait')}</PanelNote>}
      className={styles['proposals']}
    >
      <PanelList label="Proposals, those that wait first">
        {proposals.length === 0 && (
          <StreamState
            stream="fleet.decisions"
            empty="No better way for anybody. Proposals show here when traffic changes."
          />
        )}
        <ol>
          {[...waiting, ...answered].slice(0, SHOWN).map((proposal) => (
            <li
              key={proposal.proposal_id}
              className={cx(panel['item'], proposal.proposal_id === selected && panel['chosen'])}
            >
              <Link to={proposalLink(proposal)} className={styles['proposalLink']}>
                <strong>{proposal.vehicle_id}</strong>
                <bdi className={panel['cut']}>{proposal.reason}</bdi>
                {proposal.gain_ms !== 0 && <span className={styles['gain']}>{formatSigned(-proposal.gain_ms)}</span>}
                <Arrivals proposal={proposal} />
              </Link>
              <ProposalAnswer proposal={proposal} />
            </li>
          ))}
        </ol>
      </PanelList>
    </Panel>
  );
}

function Arrivals({ proposal: { old_eta_ms, new_eta_ms } }: { proposal: RerouteDecision }) {
  if (old_eta_ms === null || new_eta_ms === null) return null;
  return (
    <span className={panel['below']}>
      <span>
        arrives <When at_ms={new_eta_ms} to="minute" /> instead of <When at_ms={old_eta_ms} to="minute" />
      </span>
    </span>
  );
}

/** Accept and decline, or what became of it. */
export function ProposalAnswer({ proposal }: { proposal: RerouteDecision }) {
  const { client, principal } = useLive();
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const { proposal_id, outcome, vehicle_id, event_ms } = proposal;
  if (outcome !== 'proposed') {
    const health = outcome === 'accepted' || outcome === 'applied' ? 'good' : 'unknown';
    return (
      <p className={cx(panel['below'], styles['outcome'])}>
        <StatusMark health={health} word={OUTCOME_WORDS[outcome]} />
        <When at_ms={event_ms} />
      </p>
    );
  }
  if (!principal.scopes.includes('fleet:write')) return <p className={panel['below']}>Waits for a dispatcher.</p>;
  const send = async (answer: 'accepted' | 'declined') => {
    setAsking(true);
    setProblem(null);
    const key = idempotencyKey(`${proposal_id}:${answer}`);
    const result = await client.command('fleet.answer_proposal', { proposal_id, answer }, key);
    setAsking(false);
    if (!result.ok) setProblem(result.detail);
  };
  return (
    <div className={styles['answer']}>
      <button
        type="button"
        className={controls['button']}
        disabled={asking}
        aria-label={`Accept the new way of ${vehicle_id}`}
        onClick={() => void send('accepted')}
      >
        Accept
      </button>
      <button
        type="button"
        className={controls['button']}
        disabled={asking}
        aria-label={`Decline the new way of ${vehicle_id}`}
        onClick={() => void send('declined')}
      >
        Decline
      </button>
      <When at_ms={event_ms} />
      {problem !== null && (
        <span role="alert" className={styles['problem']}>
          {problem}
        </span>
      )}
    </div>
  );
}
