import type { Health } from '@nerveline/contracts';
import styles from './controls.module.css';
import { StatusMark } from './StatusMark';

/** A number that people watch. */
export interface MetricProps {
  readonly label: string;
  readonly value: string;
  readonly unit?: string;
  /** What it counts, in a few words below. */
  readonly note?: string;
  /** A shape beside the number when it calls for attention. */
  readonly health?: Health | undefined;
  readonly title?: string | undefined;
}

export function Metric({ label, value, unit, note, health, title }: MetricProps) {
  return (
    <div className={styles['metric']} title={title ?? `${label}, ${note ?? ''}`}>
      <dt className={styles['metricLabel']}>{label}</dt>
      <dd className={styles['metricValue']}>
        {health !== undefined && <StatusMark health={health} label={health} />}
        <span>{value}</span>
        {unit !== undefined && <span className={styles['metricUnit']}>{unit}</span>}
      </dd>
      {note !== undefined && <dd className={styles['metricNote']}>{note}</dd>}
    </div>
  );
}

export function Metrics({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <section aria-label={label} className={styles['metricsBox']}>
      <dl className={styles['metrics']}>{children}</dl>
    </section>
  );
}
