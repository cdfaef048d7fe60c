import { useEffect } from 'react';
import { currentPreferences } from './preferences';

const TYPING = 'input, textarea, select, [contenteditable="true"]';

/** Keys to actions: `Escape`, `ArrowDown`, `?`, `Ctrl+k`. */
export type KeyMap = Readonly<Record<string, () => void>>;

const isTyping = (target: EventTarget | null): boolean => target instanceof Element && target.closest(TYPING) !== null;
const nameOf = (event: KeyboardEvent): string =>
  event.ctrlKey || event.metaKey ? `Ctrl+${event.key.toLowerCase()}` : event.key;

/** Listens on the whole page. A typed letter stays a letter, and an open dialog keeps its keys. */
export function useShortcuts(keys: KeyMap): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey) return;
      const name = nameOf(event);
      const action = keys[name];
      if (action === undefined) return;
      const command = name.startsWith('Ctrl+');
      if (!command && (isTyping(event.target) || document.querySelector('dialog[open]') !== null)) return;
      if (name.length === 1 && currentPreferences().keys === 'off') return;
      event.preventDefault();
      action();
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [keys]);
}

/** Moves by one row; from none to the first. */
export function walk(ids: readonly string[], selected: string | null, by: 1 | -1): string | null {
  if (ids.length === 0) return null;
  const at = selected === null ? -1 : ids.indexOf(selected);
  if (at < 0) return ids[0] ?? null;
  return ids[Math.min(ids.length - 1, Math.max(0, at + by))] ?? null;
}
