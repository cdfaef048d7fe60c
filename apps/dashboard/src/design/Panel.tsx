import { cx } from './cx';
import styles from './panel.module.css';

/** A part of a page under a title; `note` says the most important of it in a word. */
export function Panel({
  label,
  title,
  note,
  className,
  children,
}: {
  label: string;
  title: string;
  note?: React.ReactNode;
  className?: string | undefined;
  children: React.ReactNode;
}) {
  return (
    <section className={cx(styles['panel'], className)} aria-label={label}>
      <header className={styles['head']}>
        <h2>{title}</h2>
        {note}
      </header>
      {children}
    </section>
  );
}

/** At the right end of a panel's head. */
export function PanelNote({ children }: { children: React.ReactNode }) {
  return (
    <span className={styles['note']} role="status">
      {children}
    </span>
  );
}

/** Rows that scroll in their panel; it takes the focus for those who scroll by keyboard. */
export function PanelList({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className={styles['list']} tabIndex={0} role="group" aria-label={label}>
      {children}
    </div>
  );
}
