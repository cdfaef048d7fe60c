import styles from './controls.module.css';

/** What is always seen of a part, however small it is. */
const LEAST_PX = 3;

/** A part of a whole as a bar; shares from 0 to 1. The number beside it says the same. */
export function Bar({ from = 0, share }: { from?: number; share: number }) {
  const left = `min(${100 * from}%, 100% - ${LEAST_PX}px)`;
  const width = `max(${LEAST_PX}px, ${100 * Math.min(1 - from, share)}%)`;
  return (
    <span className={styles['bar']} aria-hidden="true">
      <span style={{ left, width }} />
    </span>
  );
}
