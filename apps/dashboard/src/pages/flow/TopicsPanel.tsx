import type { FlowStatus } from '@nerveline/contracts';
import { useMemo, useState } from 'react';
import { useLive, useVersion } from '../../app/live';
import { sortRows, type Column, type Sort } from '../../design/columns';
import { DataGrid } from '../../design/DataGrid';
import { formatInteger, formatRate } from '../../design/format';
import { Panel, PanelNote } from '../../design/Panel';
import { Quantity } from '../../design/Quantity';
import { Quiet } from '../../design/Quiet';
import styles from './flow.module.css';

type TopicRow = FlowStatus['topics'][number];

const COLUMNS: readonly Column<TopicRow>[] = [
  {
    id: 'topic',
    title: 'Topic',
    track: 'minmax(120px, 1.6fr)',
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
    cell: ({ records }) => <Quantity value={records} />,
    order: (a, b) => a.records - b.records,
  },
  {
    id: 'rate',
    title: 'Per second',
    track: '92px',
    end: true,
    cell: ({ rate_per_s }) => <Quantity value={rate_per_s} format={formatRate} />,
    order: (a, b) => a.rate_per_s - b.rate_per_s,
  },
];

/** Every topic, who writes it and how much. */
export function TopicsPanel() {
  const { stores } = useLive();
  const version = useVersion(stores.flow);
  const [sort, setSort] = useState<Sort>({ column: 'records', down: true });
  const rows = useMemo(() => sortRows(stores.flow.status?.topics ?? [], COLUMNS, sort), [version, stores, sort]);
  return (
    <Panel
      label="Topics"
      title="Topics"
      className={styles['topics']}
      note={<PanelNote>{formatInteger(rows.length)}</PanelNote>}
    >
      <DataGrid
        label="Topics"
        columns={COLUMNS}
        rows={rows}
        idOf={({ topic }) => topic}
        selected={null}
        sort={sort}
        onSort={setSort}
        empty={<Quiet>No topic has been measured yet.</Quiet>}
      />
    </Panel>
  );
}
