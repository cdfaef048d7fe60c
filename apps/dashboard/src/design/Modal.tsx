import { useEffect, useRef } from 'react';
import styles from './controls.module.css';
import { cx } from './cx';

/** A modal window on the browser's own dialog: focus stays inside, Esc closes, focus goes back to where it came from. */
export function Modal({
  label,
  wide,
  onClose,
  children,
}: {
  label: string;
  wide?: boolean;
  onClose: () => void;
  children: React.ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    element?.querySelector<HTMLElement>('input, select, textarea, button')?.focus();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={cx(styles['modal'], wide && styles['wide'])}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className={styles['modalBody']}>{children}</div>
    </dialog>
  );
}
