import { useEffect, useRef } from 'react';
import styles from './controls.module.css';

/** A value whose ground flashes when it changes. */
export function Changing({ value, children }: { value: string | number; children?: React.ReactNode }) {
  const element = useRef<HTMLSpanElement>(null);
  const shown = useRef(value);
  useEffect(() => {
    if (shown.current === value) return;
    shown.current = value;
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    element.current?.animate([{ backgroundColor: 'var(--flash-ground)' }, { backgroundColor: 'transparent' }], 400);
  }, [value]);
  return (
    <span ref={element} className={styles['changing']}>
      {children ?? value}
    </span>
  );
}
