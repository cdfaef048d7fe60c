import { useMemo, useRef } from 'react';
import { useShortcuts, walk } from '../app/shortcuts';
import type { DataGridProps } from './columns';

/** While a row is chosen, arrows walk and Esc closes wherever the focus is. */
export function useWalking<Row>({ rows, idOf, selected, onSelect }: DataGridProps<Row>): void {
  const latest = useRef({ rows, idOf, selected, onSelect });
  latest.current = { rows, idOf, selected, onSelect };
  const chosen = selected !== null;
  const keys = useMemo(() => {
    const step = (by: 1 | -1) => () => {
      const now = latest.current;
      now.onSelect?.(walk(now.rows.map(now.idOf), now.selected, by));
    };
    const close = () => latest.current.onSelect?.(null);
    return chosen ? { ArrowDown: step(1), ArrowUp: step(-1), Escape: close } : {};
  }, [chosen]);
  useShortcuts(keys);
}
