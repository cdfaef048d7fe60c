import type { EventLife } from '@nerveline/contracts';
import { Bar } from './Bar';
import { formatDuration } from './format';
import styles from './life.module.css';
import { When } from './When';

const NAMES: Record<EventLife['steps'][number]['step'], string> = {
  committed: 'Committed',
  received: 'Received',
  in_log: 'In the log',
  handled: 'Handled',
  decided: 'Decided',
  pushed: 'Pushed',
};

/** The way of an event, each step where its time lies. */
export function LifeLine({ steps }: { steps: EventLife['steps'] }) {
  if (steps.length === 0) return <p className="muted">Nothing was recorded of its way.</p>;
  const whole_ms = Math.max(...steps.map(({ after_ms }) => after_ms), 0.001);
  const first = steps[0];
  return (
    <div>
      {first !== undefined && (
        <p className={styles['start']}>
          {NAMES[first.step]} at <When at_ms={first.at_ms} to="exact" />, {formatDuration(whole_ms)} to the last step
        </p>
      )}
      <ol className={styles['life']}>
        {steps.map((step, index) => {
          const before_ms = index === 0 ? 0 : (steps[index - 1]?.after_ms ?? 0);
          return (
            <li key={`${step.step} ${step.where}`}>
              <span>{NAMES[step.step]}</span>
              <span className={styles['after']}>+{formatDuration(step.after_ms)}</span>
              <Bar
                from={Math.min(before_ms, step.after_ms) / whole_ms}
                share={Math.abs(step.after_ms - before_ms) / whole_ms}
              />
              <span className={styles['where']}>{step.where}</span>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
