import type { Column } from '../../design/columns';
import { formatMoney } from '../../design/format';
import { When } from '../../design/When';
import type { DecisionRow } from '../../model/fraud-store';
import { shortCard, VerdictMark } from './verdicts';

/** "6 payments in 1 min on this card, 1,900 km in 22 min". */
const why = ({ record }: DecisionRow): string => record.decision.reasons.map(({ text }) => text).join(', ');

export const DECISION_COLUMNS: readonly Column<DecisionRow>[] = [
  { id: 'time', title: 'Time', track: '84px', cell: ({ record }) => <When at_ms={record.request.event_ms} /> },
  {
    id: 'card',
    title: 'Card',
    track: '84px',
    from_px: 450,
    cell: ({ record }) => <code title={record.request.card}>{shortCard(record.request.card)}</code>,
  },
  {
    id: 'amount',
    title: 'Amount',
    track: '116px',
    end: true,
    cell: ({ record }) => <code>{formatMoney(record.request.amount_minor, record.request.currency)}</code>,
  },
  {
    id: 'merchant',
    title: 'Merchant',
    track: 'minmax(110px, 1fr)',
    from_px: 560,
    cell: ({ record: { request } }) => (
      <bdi>
        {request.merchant_id}
        {request.merchant_category !== undefined && <span className="muted"> {request.merchant_category}</span>}
      </bdi>
    ),
  },
  {
    id: 'verdict',
    title: 'Verdict',
    track: '88px',
    cell: ({ record }) => <VerdictMark verdict={record.decision.verdict} />,
  },
  {
    id: 'score',
    title: 'Score',
    track: 'minmax(60px, auto)',
    end: true,
    from_px: 370,
    cell: ({ record }) => <code>{record.decision.score.toFixed(2)}</code>,
  },
  {
    id: 'why',
    title: 'Why',
    track: 'minmax(140px, 2fr)',
    from_px: 700,
    cell: (row) => <bdi title={why(row)}>{why(row)}</bdi>,
  },
];
