import type { DecisionRecord } from '@nerveline/contracts';
import { useLive, useVersion } from '../../app/live';
import { Link } from '../../app/router';
import { useTrace } from '../../app/use-trace';
import controls from '../../design/controls.module.css';
import { DetailPanel, DetailSection, Fact, Facts } from '../../design/DetailPanel';
import { formatMoney } from '../../design/format';
import { LifeLine } from '../../design/LifeLine';
import { When } from '../../design/When';
import { Reasons } from './Reasons';
import { shortCard, VerdictMark } from './verdicts';

const KEPT_OF_CARD = 12;
const TOPIC = 'fraud.decisions';

/** A decision: why, what was asked, what it saw, and the card's other payments in sight. */
export function DecisionDetail({
  id,
  onClose,
  onWalk,
}: {
  id: string;
  onClose: () => void;
  onWalk: (by: 1 | -1) => void;
}) {
  const { stores } = useLive();
  useVersion(stores.fraud);
  const traced = useTrace(`${TOPIC}/${id.replace('.', '/')}`);
  const row = findRow(stores.fraud.decisions.newestFirst(), id);
  // One that has left the window comes from the log, by the same question that brings its life.
  const record = row?.record ?? (traced.kind === 'life' ? (traced.life.value as DecisionRecord | null) : null);
  return (
    <DetailPanel
      kicker="Decision"
      title={record === null ? id : <Heading record={record} />}
      onClose={onClose}
      onWalk={onWalk}
    >
      {record === null && <Missing traced={traced} />}
      {record !== null && (
        <>
          <DetailSection title="Why">
            <Reasons decision={record.decision} />
          </DetailSection>
          <PaymentFacts record={record} />
          <CardHistory card={record.request.card} id={id} />
        </>
      )}
      {traced.kind === 'life' && (
        <DetailSection title="Its life">
          <LifeLine steps={traced.life.steps} />
        </DetailSection>
      )}
      {record !== null && <Versions record={record} />}
    </DetailPanel>
  );
}

function findRow<Row extends { readonly id: string }>(rows: Iterable<Row>, id: string): Row | null {
  for (const row of rows) if (row.id === id) return row;
  return null;
}

function Heading({ record }: { record: DecisionRecord }) {
  const { request, decision } = record;
  return (
    <>
      <VerdictMark verdict={decision.verdict} /> {formatMoney(request.amount_minor, request.currency)}
    </>
  );
}

function Missing({ traced }: { traced: ReturnType<typeof useTrace> }) {
  if (traced.kind !== 'failed') {
    return (
      <p className={controls['notice']} role="status">
        <span className={controls['waiting']}>Fetching it from the log</span>
      </p>
    );
  }
  return (
    <p className={controls['notice']} role="alert">
      {traced.detail} <code>{traced.code}</code>
    </p>
  );
}

function PaymentFacts({ record: { request, decision } }: { record: DecisionRecord }) {
  return (
    <DetailSection title="The payment">
      <Facts>
        <Fact name="When">
          <When at_ms={request.event_ms} to="exact" />
        </Fact>
        <Fact name="Card">
          <Link to={`/fraud?q=${encodeURIComponent(request.card)}`}>
            <code>{request.card}</code>
          </Link>
        </Fact>
        <Fact name="Amount">{formatMoney(request.amount_minor, request.currency)}</Fact>
        <Fact name="Merchant">
          <bdi>{request.merchant_id}</bdi>
        </Fact>
        {request.merchant_category !== undefined && (
          <Fact name="Category">
            <bdi>{request.merchant_category}</bdi>
          </Fact>
        )}
        {request.country !== undefined && <Fact name="Country">{request.country}</Fact>}
        {request.location !== undefined && (
          <Fact name="Place">
            <code>
              {request.location.lat.toFixed(4)}, {request.location.lon.toFixed(4)}
            </code>
          </Fact>
        )}
        <Fact name="Payment">
          <code>{request.payment_id}</code>
        </Fact>
        <Fact name="Decision">
          <code>{decision.decision_id}</code>
        </Fact>
      </Facts>
    </DetailSection>
  );
}

function CardHistory({ card, id }: { card: string; id: string }) {
  const { stores } = useLive();
  const others = [];
  for (const row of stores.fraud.decisions.newestFirst()) {
    if (row.record.request.card === card) others.push(row);
    if (others.length === KEPT_OF_CARD) break;
  }
  if (others.length < 2) return null;
  return (
    <DetailSection title={`Payments of ${shortCard(card)} in sight`}>
      <ol>
        {others.map((row) => (
          <li key={row.id}>
            <Link
              to={`/fraud?at=${row.id}`}
              className={controls['line']}
              aria-current={row.id === id ? 'true' : undefined}
            >
              <When at_ms={row.record.request.event_ms} />
              <span>{formatMoney(row.record.request.amount_minor, row.record.request.currency)}</span>
              <VerdictMark verdict={row.record.decision.verdict} />
            </Link>
          </li>
        ))}
      </ol>
    </DetailSection>
  );
}

function Versions({ record }: { record: DecisionRecord }) {
  const { offsets, versions } = record.decision.read_vector;
  return (
    <DetailSection title="What it saw">
      <Facts>
        {Object.entries(versions).map(([name, version]) => (
          <Fact key={name} name={name}>
            <code>{version}</code>
          </Fact>
        ))}
        {Object.entries(offsets).map(([partition, offset]) => (
          <Fact key={partition} name="read up to">
            <code>
              {partition} @ {offset}
            </code>
          </Fact>
        ))}
      </Facts>
    </DetailSection>
  );
}
