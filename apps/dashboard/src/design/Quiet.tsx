import styles from './controls.module.css';

/** In place of rows that nobody misses: nothing fits, nothing was measured. */
export function Quiet({ children }: { children: React.ReactNode }) {
  return <p className={styles['notice']}>{children}</p>;
}
