import { useStreams } from '../../app/live';
import { setParams, useRoute } from '../../app/router';
import panel from '../../design/panel.module.css';
import { EventDetail } from './EventDetail';
import { EventsPanel } from './EventsPanel';
import { FlowGraphPanel } from './FlowGraphPanel';
import { SlotsPanel } from './SlotsPanel';
import { StageDetail } from './StageDetail';
import { TopicsPanel } from './TopicsPanel';
import styles from './flow.module.css';

/** The nervous system: stages and what runs between them, slots, topics, the last events and the life of one. */
export default function FlowPage() {
  useStreams('flow.events');
  const { params } = useRoute();
  const stage = params.get('stage');
  const event = params.get('event');
  return (
    <div className={panel['page']}>
      <div className={panel['content']}>
        <FlowGraphPanel selected={stage} />
        <div className={styles['columns']}>
          <EventsPanel
            selected={event}
            onSelect={(id) => setParams({ event: id, stage: null }, event === null ? 'push' : 'replace')}
          />
          <div className={styles['side']}>
            <SlotsPanel />
            <TopicsPanel />
          </div>
        </div>
      </div>
      {event !== null && <EventDetail id={event} />}
      {event === null && stage !== null && <StageDetail id={stage} />}
    </div>
  );
}
