import type { FlowStatus } from '@nerveline/contracts';
import { useMemo } from 'react';
import { useLive, useVersion } from '../../app/live';
import { Link, setParams } from '../../app/router';
import { useShortcuts } from '../../app/shortcuts';
import controls from '../../design/controls.module.css';
import { DetailPanel, DetailSection, Fact, Facts } from '../../design/DetailPanel';
import { formatDuration, formatInteger, formatRate } from '../../design/format';
import { Sparkline } from '../../design/Sparkline';
import { StatusMark } from '../../design/StatusMark';
import styles from './flow.module.css';

const close = () => setParams({ stage: null });
const CHART_WIDTH_PX = 150;

/** One stage: how it is, what it does, and its last two minutes. */
export function StageDetail({ id }: { id: string }) {
  const { stores } = useLive();
  useVersion(stores.flow);
  useShortcuts(useMemo(() => ({ Escape: close }), []));
  const { flow } = stores;
  const stage = flow.stage(id);
  if (stage === undefined) {
    return (
      <DetailPanel kicker="Stage" title={id} onClose={close}>
        <p className={controls['notice']}>No stage of this name is in the flow now.</p>
      </DetailPanel>
    );
  }
  const history = (read: (stage: FlowStatus['stages'][number]) => number | null) =>
    flow.history((status) => {
      const then = status.stages.find((each) => each.id === id);
      return then === undefined ? null : read(then);
    });
  return (
    <DetailPanel kicker={`Stage · ${stage.kind}`} title={stage.label} onClose={close}>
      <DetailSection title="Now">
        <Facts>
          <Fact name="Health">
            <StatusMark health={stage.health} word={stage.health} />
          </Fact>
          <Fact name="In words">{stage.detail || 'nothing to report'}</Fact>
        </Facts>
      </DetailSection>
      <DetailSection title="Last two minutes">
        <Figure
          name="Rate"
          value={stage.rate_per_s}
          format={(value) => `${formatRate(value)}/s`}
          history={history((each) => each.rate_per_s)}
        />
        <Figure
          name="Waiting"
          value={stage.lag_records}
          format={formatInteger}
          history={history((each) => each.lag_records)}
        />
        <Figure
          name="Age, median"
          value={stage.age_p50_ms}
          format={formatDuration}
          history={history((each) => each.age_p50_ms)}
        />
        <Figure
          name="Age, p99"
          value={stage.age_p99_ms}
          format={formatDuration}
          history={history((each) => each.age_p99_ms)}
        />
      </DetailSection>
      <DetailSection title="Neighbours">
        <Neighbours id={id} status={flow.status} />
      </DetailSection>
    </DetailPanel>
  );
}

function Figure({
  name,
  value,
  format,
  history,
}: {
  name: string;
  value: number | null;
  format: (value: number) => string;
  history: readonly number[];
}) {
  if (value === null) return null;
  return (
    <div className={styles['figure']}>
      <span className="muted">{name}</span>
      <span className="mono">{format(value)}</span>
      <Sparkline values={history} width={CHART_WIDTH_PX} label={`${name} over the last two minutes`} />
    </div>
  );
}

function Neighbours({ id, status }: { id: string; status: FlowStatus | undefined }) {
  const edges = status?.edges.filter(({ from, to }) => from === id || to === id) ?? [];
  if (edges.length === 0) return <p className="muted">None.</p>;
  return (
    <Facts>
      {edges.map((edge) => {
        const other = edge.from === id ? edge.to : edge.from;
        const label = status?.stages.find((stage) => stage.id === other)?.label ?? other;
        return (
          <Fact key={`${edge.from} ${edge.to}`} name={edge.from === id ? 'gives to' : 'takes from'}>
            <Link to={`/flow?stage=${encodeURIComponent(other)}`}>{label}</Link>
            {edge.rate_per_s !== null && ` ${formatRate(edge.rate_per_s)}/s`}
            {(edge.lag_records ?? 0) > 0 && `, ${formatInteger(edge.lag_records ?? 0)} wait`}
          </Fact>
        );
      })}
    </Facts>
  );
}
