import type { FlowStatus } from '@nerveline/contracts';
import { useMemo, useState } from 'react';
import { useLive, useVersion } from '../../app/live';
import { sortRows, type Column, type Sort } from '../../design/columns';
import { DataGrid } from '../../design/DataGrid';
import { formatInteger, formatRate } from '../../design/format';
import styles from './flow.module.css';

type TopicRow = FlowStatus['topics'][number];

const COLUMNS: readonly Column<TopicRow>[] = [
  {
    id: 'topic',
    title: 'Topic',
    track: 'minmax(150px, 1.6fr)',
    cell: ({ topic }) => <span title={topic}>{topic}</span>,
    order: (a, b) => a.topic.localeCompare(b.topic),
  },
  {
    id: 'owner',
    title: 'Written by',
    track: 'minmax(96px, 1fr)',
    from_px: 400,
    cell: ({ owner }) => <span className="muted">{owner}</span>,
    order: (a, b) => a.owner.localeCompare(b.owner),
  },
  {
    id: 'records',
    title: 'Records',
    track: '84px',
    end: true,
    cell: ({ records }) => <code>{formatInteger(records)}</code>,
    order: (a, b) => a.records - b.records,
  },
  {
    id: 'rate',
    title: 'Per second',
    track: '92px',
    end: true,
    cell: ({ rate_per_s }) => <code>{formatRate(rate_per_s)}</code>,
    order: (a, b) => a.rate_per_s - b.rate_per_s,
  },
];

/** Every topic, who writes it and how much. */
export function TopicsPanel() {
  const { stores } = useLive();
  const version = useVersion(stores.flow);
  const [sort, setSort] = useState<Sort>({ column: 'topic', down: false });
  const rows = useMemo(() => sortRows(stores.flow.status?.topics ?? [], COLUMNS, sort), [version, stores, sort]);
  return (
    <section className={styles['topics']} aria-label="Topics">
      <header className={styles['panelHead']}>
        <h2>Topics</h2>
        <span className="muted">{rows.length}</span>
      </header>
      <DataGrid
        label="Topics"
        columns={COLUMNS}
        rows={rows}
        idOf={({ topic }) => topic}
        selected={null}
        sort={sort}
        onSort={setSort}
        empty={<p className={styles['quiet']}>No topic has been measured yet.</p>}
      />
    </section>
  );
}
