import { useMemo, useState } from 'react';
import { useLive, useVersion } from '../../app/live';
import type { Column } from '../../design/columns';
import { DataGrid } from '../../design/DataGrid';
import { Panel } from '../../design/Panel';
import { StreamState } from '../../design/StreamState';
import { When } from '../../design/When';
import { HeldPill, useHeld } from '../../design/held';
import type { FlowEvent } from '../../model/flow-store';
import { describeEvent } from './describe-event';
import styles from './flow.module.css';

const idOf = ({ id }: FlowEvent): string => id;

const COLUMNS: readonly Column<FlowEvent>[] = [
  {
    id: 'time',
    title: 'Event time',
    track: '104px',
    cell: ({ item }) => <When at_ms={item.event_ms} to="exact" />,
  },
  {
    id: 'topic',
    title: 'Topic',
    track: 'minmax(96px, 1.15fr)',
    cell: ({ item }) => <span title={item.topic}>{item.topic}</span>,
  },
  { id: 'what', title: 'What', track: 'minmax(120px, 1.8fr)', cell: ({ item }) => describeEvent(item) },
  {
    id: 'key',
    title: 'Key',
    track: 'minmax(100px, 0.95fr)',
    from_px: 560,
    cell: ({ item }) => <code>{item.key}</code>,
  },
  {
    id: 'place',
    title: 'Place',
    track: '96px',
    end: true,
    from_px: 660,
    cell: ({ item }) => (
      <code>
        {item.partition} @ {item.offset}
      </code>
    ),
  },
];

/** What passed last, newest first. */
export function EventsPanel({
  selected,
  onSelect,
}: {
  selected: string | null;
  onSelect: (id: string | null) => void;
}) {
  const { stores } = useLive();
  const version = useVersion(stores.flow);
  const [away, setAway] = useState(false);
  const newest = useMemo(() => stores.flow.events.toArray(), [version, stores]);
  const held = useHeld(newest, away || selected !== null, idOf);
  return (
    <Panel
      label="Last events"
      title="Last events"
      className={styles['events']}
      note={<HeldPill held={held} onRelease={() => onSelect(null)} />}
    >
      <DataGrid
        label="Last events"
        columns={COLUMNS}
        rows={held.rows}
        idOf={idOf}
        selected={selected}
        onSelect={onSelect}
        onAway={setAway}
        empty={<StreamState stream="flow.events" empty="Nothing has passed yet. Commit a row, and it shows here." />}
      />
    </Panel>
  );
}
