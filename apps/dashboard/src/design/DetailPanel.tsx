import { ChevronDown, ChevronUp, Link2, X } from 'lucide-react';
import { useState } from 'react';
import styles from './controls.module.css';
import { IconButton } from './IconButton';

/** What a row holds, beside its table. Esc closes it, arrows walk, its address is its link. */
export function DetailPanel({
  title,
  kicker,
  onClose,
  onWalk,
  children,
}: {
  title: React.ReactNode;
  kicker: string;
  onClose: () => void;
  onWalk?: (by: 1 | -1) => void;
  children: React.ReactNode;
}) {
  const [copied, setCopied] = useState(false);
  const copyLink = () => {
    void navigator.clipboard?.writeText(location.href).then(() => setCopied(true));
  };
  return (
    <aside className={styles['detail']} aria-label={`${kicker} in detail`}>
      <header className={styles['detailHead']}>
        <div className={styles['detailTitle']}>
          <span className={styles['kicker']}>{kicker}</span>
          <h2>{title}</h2>
        </div>
        {onWalk !== undefined && (
          <>
            <IconButton icon={ChevronUp} label="Previous row" title="Previous row (↑)" onClick={() => onWalk(-1)} />
            <IconButton icon={ChevronDown} label="Next row" title="Next row (↓)" onClick={() => onWalk(1)} />
          </>
        )}
        <IconButton icon={Link2} label={copied ? 'Link copied' : 'Copy a link to this'} onClick={copyLink} />
        <IconButton icon={X} label="Close" title="Close (Esc)" onClick={onClose} />
      </header>
      {/* It scrolls, so it has to take the focus for those who scroll by keyboard. */}
      <div className={styles['detailBody']} tabIndex={0} role="group" aria-label={`${kicker}, content`}>
        {children}
      </div>
    </aside>
  );
}

export function Facts({ children }: { children: React.ReactNode }) {
  return <dl className={styles['facts']}>{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className={styles['fact']}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function DetailSection({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className={styles['section']}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}
