import type { FlowStage, FlowStatus } from '@nerveline/contracts';
import { useMemo, useRef } from 'react';
import { useLive, useSeconds, useVersion } from '../../app/live';
import { Link, navigate } from '../../app/router';
import controls from '../../design/controls.module.css';
import { cx } from '../../design/cx';
import { formatDuration, formatInteger, formatRate } from '../../design/format';
import { StatusMark } from '../../design/StatusMark';
import { useWidth } from '../../design/use-width';
import { PULSE_STALE_AFTER_MS } from '../../model/flow-store';
import { layOutFlow, NODE_HEIGHT, shapeKey, type FlowLayout } from './flow-layout';
import styles from './flow.module.css';

/** Below this width the picture's text would be too small to read: a list says the same. */
const GRAPH_FROM_PX = 640;

/** The stages and what runs between them, live. */
export function FlowGraphPanel({ selected }: { selected: string | null }) {
  const { stores } = useLive();
  useVersion(stores.flow);
  useSeconds();
  const box = useRef<HTMLElement>(null);
  const width_px = useWidth(box);
  const { status, pulse_age_ms } = stores.flow;
  const shape = status === undefined ? '' : shapeKey(status);
  const layout = useMemo(() => (status === undefined ? null : layOutFlow(status, width_px)), [shape, width_px]);
  const stale = pulse_age_ms !== null && pulse_age_ms > PULSE_STALE_AFTER_MS;
  return (
    <section ref={box} className={styles['graph']} aria-label="Stages" data-stale={stale}>
      {status === undefined || layout === null ? (
        <p className={controls['notice']}>
          <span className={controls['waiting']}>Waiting for the first pulse</span>
        </p>
      ) : width_px < GRAPH_FROM_PX ? (
        <StageList status={status} />
      ) : (
        <FlowGraph status={status} layout={layout} selected={selected} />
      )}
    </section>
  );
}

function FlowGraph({ status, layout, selected }: { status: FlowStatus; layout: FlowLayout; selected: string | null }) {
  const stages = new Map(status.stages.map((stage) => [stage.id, stage]));
  return (
    <svg
      className={styles['picture']}
      viewBox={`0 0 ${layout.width} ${layout.height}`}
      style={{ maxWidth: layout.width, minWidth: layout.width * 0.83 }}
      role="group"
      aria-label="The flow as a picture"
    >
      {layout.edges.map(({ from, to, path }) => {
        const failing = stages.get(to)?.health === 'bad';
        return (
          <g key={`${from} ${to}`} className={cx(styles['edge'], failing && styles['failing'])}>
            <path d={path} fill="none" strokeWidth={edgeWidth(edgeOf(status, from, to)?.rate_per_s ?? 0)} />
          </g>
        );
      })}
      {/* After all lines, so that none runs through a figure. */}
      {layout.edges.map(({ from, to, label }) => (
        <EdgeLabel
          key={`${from} ${to}`}
          edge={edgeOf(status, from, to)}
          at={label}
          alarming={stages.get(to)?.health !== 'good'}
        />
      ))}
      {[...layout.nodes].map(([id, { x, y }]) => {
        const stage = stages.get(id);
        return (
          stage && (
            <StageNode
              key={id}
              stage={stage}
              box={{ x: x - layout.node_width / 2, y: y - NODE_HEIGHT / 2, width: layout.node_width }}
              selected={id === selected}
            />
          )
        );
      })}
    </svg>
  );
}

const edgeWidth = (rate_per_s: number): number => 1 + 1.5 * Math.log10(1 + rate_per_s);

const edgeOf = (status: FlowStatus, from: string, to: string): FlowStatus['edges'][number] | undefined =>
  status.edges.find((each) => each.from === from && each.to === to);

/** Stands in the line, which its ground interrupts. */
function EdgeLabel({
  edge,
  at,
  alarming,
}: {
  edge: FlowStatus['edges'][number] | undefined;
  at: { readonly x: number; readonly y: number };
  /** Whether what waits is too much: the stage knows its own limit. */
  alarming: boolean;
}) {
  const rate_per_s = edge?.rate_per_s ?? null;
  const lag = edge?.lag_records ?? 0;
  return (
    <text x={at.x} y={at.y} textAnchor="middle" dominantBaseline="central" className={styles['edgeLabel']}>
      {rate_per_s !== null && `${formatRate(rate_per_s)}/s`}
      {lag > 0 && (
        <tspan x={at.x} dy={17} className={cx(alarming && styles['lag'])}>
          {formatInteger(lag)} wait
        </tspan>
      )}
    </text>
  );
}

const agesOf = ({ age_p50_ms, age_p99_ms }: FlowStage): string =>
  age_p50_ms === null
    ? ''
    : `${formatDuration(age_p50_ms)}${age_p99_ms === null ? '' : ` · p99 ${formatDuration(age_p99_ms)}`}`;

/** A stage that fails says why: how old its events are is no news then. */
const lastWordOf = (stage: FlowStage): string =>
  stage.health === 'bad' && stage.detail !== '' ? stage.detail : agesOf(stage);

const rateOf = ({ kind, rate_per_s }: FlowStage): string => {
  if (rate_per_s === null) return 'not measured';
  return `${formatRate(rate_per_s)} ${kind === 'source' ? 'tx/s' : 'ev/s'}`;
};

function StageNode({
  stage,
  box,
  selected,
}: {
  stage: FlowStage;
  box: { readonly x: number; readonly y: number; readonly width: number };
  selected: boolean;
}) {
  const to = `/flow?stage=${encodeURIComponent(stage.id)}`;
  return (
    <a
      href={to}
      className={cx(styles['node'], styles[stage.health], selected && styles['selected'])}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey) return;
        event.preventDefault();
        navigate(to);
      }}
    >
      <rect {...box} height={NODE_HEIGHT} rx="2" />
      <foreignObject {...box} height={NODE_HEIGHT}>
        {/* A title of the SVG would be the link's whole name: this one only adds to it. */}
        <div className={styles['nodeText']} title={stage.detail}>
          <strong>
            <StatusMark health={stage.health} word={stage.label} label={stage.health} />
          </strong>
          <span>{rateOf(stage)}</span>
          <span>{lastWordOf(stage)}</span>
        </div>
      </foreignObject>
    </a>
  );
}

function StageList({ status }: { status: FlowStatus }) {
  return (
    <ul className={styles['stageList']}>
      {status.stages.map((stage) => (
        <li key={stage.id}>
          <Link to={`/flow?stage=${encodeURIComponent(stage.id)}`}>
            <StatusMark health={stage.health} word={stage.label} label={stage.health} />
            <span>{rateOf(stage)}</span>
            <span>{lastWordOf(stage)}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
