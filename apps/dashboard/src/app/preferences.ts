import { useSyncExternalStore } from 'react';

/** What a reader chose about the look; kept by the browser. */
export interface Preferences {
  readonly theme: 'system' | 'dark' | 'light';
  readonly density: 'comfortable' | 'dense';
  readonly rail: 'open' | 'narrow';
  /** Single-key shortcuts: whoever dictates or uses switches turns them off. */
  readonly keys: 'on' | 'off';
}

const STORAGE_KEY = 'nerveline.preferences';
const DEFAULTS: Preferences = { theme: 'system', density: 'comfortable', rail: 'open', keys: 'on' };
const CHOICES: { readonly [Name in keyof Preferences]: readonly Preferences[Name][] } = {
  theme: ['system', 'dark', 'light'],
  density: ['comfortable', 'dense'],
  rail: ['open', 'narrow'],
  keys: ['on', 'off'],
};

const listeners = new Set<() => void>();
const prefersLight = matchMedia('(prefers-color-scheme: light)');
let current = load();

function load(): Preferences {
  try {
    const kept = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '{}') as Partial<Record<string, unknown>>;
    const pick = <Name extends keyof Preferences>(name: Name): Preferences[Name] =>
      CHOICES[name].find((choice) => choice === kept[name]) ?? DEFAULTS[name];
    return { theme: pick('theme'), density: pick('density'), rail: pick('rail'), keys: pick('keys') };
  } catch {
    // Storage is closed to this page, or holds something else: the defaults serve.
    return DEFAULTS;
  }
}

export const shownTheme = (): 'dark' | 'light' => {
  if (current.theme !== 'system') return current.theme;
  return prefersLight.matches ? 'light' : 'dark';
};

function apply(): void {
  document.documentElement.dataset['theme'] = shownTheme();
  document.documentElement.dataset['density'] = current.density;
  for (const listener of listeners) listener();
}

export function setPreferences(patch: Partial<Preferences>): void {
  current = { ...current, ...patch };
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(current));
  } catch {
    // Not kept; it holds until the page closes.
  }
  apply();
}

export const toggleTheme = (): void => setPreferences({ theme: shownTheme() === 'dark' ? 'light' : 'dark' });
export const toggleDensity = (): void =>
  setPreferences({ density: current.density === 'dense' ? 'comfortable' : 'dense' });

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const usePreferences = (): Preferences => useSyncExternalStore(subscribe, () => current);
/** The theme in use; renders again when it changes, also by the system. */
export const useShownTheme = (): 'dark' | 'light' => useSyncExternalStore(subscribe, shownTheme);

export const currentPreferences = (): Preferences => current;

prefersLight.addEventListener('change', apply);
apply();
