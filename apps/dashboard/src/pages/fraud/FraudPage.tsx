import { useCallback, useMemo, useState } from 'react';
import { useLive, useStreams, useVersion } from '../../app/live';
import { setParams, useRoute } from '../../app/router';
import { useShortcuts, walk } from '../../app/shortcuts';
import { DataGrid } from '../../design/DataGrid';
import { useHeld } from '../../design/held';
import panel from '../../design/panel.module.css';
import { Quiet } from '../../design/Quiet';
import { StreamState } from '../../design/StreamState';
import type { DecisionRow } from '../../model/fraud-store';
import { DecisionDetail } from './DecisionDetail';
import { DecisionFilters, type VerdictFilter } from './DecisionFilters';
import { DECISION_COLUMNS } from './decision-columns';
import { DotsChart } from './DotsChart';
import { FraudMetrics } from './FraudMetrics';
import styles from './fraud.module.css';

const idOf = ({ id }: DecisionRow): string => id;
const FILTERS: readonly VerdictFilter[] = ['all', 'allow', 'review', 'block'];

const select = (id: string | null) => {
  const open = new URLSearchParams(location.search).has('at');
  setParams({ at: id }, open ? 'replace' : 'push');
};

/** Payments as they are decided. */
export default function FraudPage() {
  useStreams('fraud.decisions');
  const { stores } = useLive();
  const version = useVersion(stores.fraud);
  const { params } = useRoute();
  const [paused, setPaused] = useState(false);
  const [away, setAway] = useState(false);
  const at = params.get('at');
  const verdict = FILTERS.find((each) => each === params.get('verdict')) ?? 'all';
  const query = params.get('q') ?? '';

  const toggle = useCallback(() => setPaused((now) => !now), []);
  useShortcuts(useMemo(() => ({ ' ': toggle }), [toggle]));

  const all = useMemo(() => stores.fraud.decisions.toArray(), [version, stores]);
  const held = useHeld(all, paused || away || at !== null, idOf);
  const rows = useMemo(() => filterDecisions(held.rows, verdict, query), [held.rows, verdict, query]);

  return (
    <div className={panel['page']}>
      <div className={panel['content']}>
        <FraudMetrics />
        <DotsChart selected={at} paused={paused} onSelect={select} />
        <section className={panel['panel']} aria-label="Decisions">
          <DecisionFilters
            verdict={verdict}
            query={query}
            paused={paused}
            held={held}
            shown={rows.length}
            onPause={toggle}
            onRelease={() => {
              setPaused(false);
              select(null);
            }}
          />
          <DataGrid
            label="Decisions, newest first"
            columns={DECISION_COLUMNS}
            rows={rows}
            idOf={idOf}
            selected={at}
            onSelect={select}
            onAway={setAway}
            rowClass={(row) => verdict === 'all' && row.record.decision.verdict === 'block' && styles['blocked']}
            empty={<NoDecisions filtered={held.rows.length > 0} />}
          />
        </section>
      </div>
      {at !== null && (
        <DecisionDetail id={at} onClose={() => select(null)} onWalk={(by) => select(walk(rows.map(idOf), at, by))} />
      )}
    </div>
  );
}

function filterDecisions(rows: readonly DecisionRow[], verdict: VerdictFilter, query: string): readonly DecisionRow[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (verdict === 'all' && words.length === 0) return rows;
  return rows.filter(
    ({ record, search_text }) =>
      (verdict === 'all' || record.decision.verdict === verdict) && words.every((word) => search_text.includes(word)),
  );
}

function NoDecisions({ filtered }: { filtered: boolean }) {
  if (filtered) return <Quiet>No decision in this window fits the filter.</Quiet>;
  return <StreamState stream="fraud.decisions" empty="No payment has been decided yet. The first one shows here." />;
}
