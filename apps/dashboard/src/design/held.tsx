import { useRef } from 'react';
import { formatInteger } from './format';
import styles from './controls.module.css';

/** Rows that stand still while somebody reads them. */
export interface Held<Row> {
  readonly rows: readonly Row[];
  readonly held: boolean;
  /** Rows that came since. */
  readonly newer: number;
}

/** Keeps the list as it was when holding began: a row under the reader's eyes doesn't run away. */
export function useHeld<Row>(newest_first: readonly Row[], hold: boolean, idOf: (row: Row) => string): Held<Row> {
  const kept = useRef<readonly Row[] | null>(null);
  if (!hold || newest_first.length === 0) kept.current = null;
  else if (kept.current === null || kept.current.length === 0) kept.current = newest_first;
  if (kept.current === null) return { rows: newest_first, held: false, newer: 0 };
  const top = kept.current[0];
  const at = top === undefined ? -1 : newest_first.findIndex((row) => idOf(row) === idOf(top));
  return { rows: kept.current, held: true, newer: at < 0 ? newest_first.length : at };
}

/** Says that the list is held, and lets it go on. */
export function HeldPill<Row>({ held, onRelease }: { held: Held<Row>; onRelease: () => void }) {
  if (!held.held || held.newer === 0) return null;
  const release = (event: React.MouseEvent<HTMLElement>) => {
    event.currentTarget.closest('section')?.querySelector('[role="grid"]')?.scrollTo({ top: 0 });
    onRelease();
  };
  return (
    <button type="button" className={styles['pill']} onClick={release}>
      Held · {formatInteger(held.newer)} newer
    </button>
  );
}
