import type { Health } from '@nerveline/contracts';
import { cx } from './cx';
import styles from './controls.module.css';

export type { Health };

const SHAPES: Record<Health, React.ReactNode> = {
  good: <circle cx="6" cy="6" r="4.5" fill="currentColor" />,
  watch: <path d="M6 1.2 11.2 10.4H.8Z" fill="currentColor" />,
  bad: <rect x="1.5" y="1.5" width="9" height="9" fill="currentColor" />,
  unknown: <circle cx="6" cy="6" r="3.8" fill="none" stroke="currentColor" strokeWidth="1.6" />,
};

/** A status as shape and colour; `word` says it to everybody, `label` to a screen reader alone. */
export function StatusMark({ health, word, label }: { health: Health; word?: React.ReactNode; label?: string }) {
  return (
    <span className={styles['status']}>
      <svg className={cx(styles['mark'], styles[health])} viewBox="0 0 12 12" width="10" height="10" aria-hidden="true">
        {SHAPES[health]}
      </svg>
      {word !== undefined && <span>{word}</span>}
      {label !== undefined && <span className="visually-hidden">{label}</span>}
    </span>
  );
}
