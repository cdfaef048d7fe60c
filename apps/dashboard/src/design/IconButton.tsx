import type { LucideIcon } from 'lucide-react';
import { cx } from './cx';
import styles from './controls.module.css';

/** A button that is an icon alone; `label` says it, `title` adds its key. */
export function IconButton({
  icon: Icon,
  label,
  title = label,
  className,
  onClick,
}: {
  icon: LucideIcon;
  label: string;
  title?: string;
  className?: string | undefined;
  onClick: () => void;
}) {
  return (
    <button type="button" className={cx(styles['icon'], className)} aria-label={label} title={title} onClick={onClick}>
      <Icon size={16} aria-hidden="true" />
    </button>
  );
}
