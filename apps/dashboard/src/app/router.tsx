import { useMemo, useSyncExternalStore } from 'react';

export const PAGES = ['flow', 'fraud', 'stock', 'fleet'] as const;
export type PageName = (typeof PAGES)[number];

/** Where the reader is: the page, and the view within it as query parameters. */
export interface Route {
  readonly page: PageName;
  readonly params: URLSearchParams;
}

const listeners = new Set<() => void>();
const announce = () => {
  for (const listener of listeners) listener();
};

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('popstate', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('popstate', listener);
  };
}

export function navigate(to: string, how: 'push' | 'replace' = 'push'): void {
  if (to === location.pathname + location.search) return;
  if (how === 'push') history.pushState(null, '', to);
  else history.replaceState(null, '', to);
  announce();
}

/** Changes parts of the view; null takes a parameter away. */
export function setParams(patch: Readonly<Record<string, string | null>>, how: 'push' | 'replace' = 'replace'): void {
  const params = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null || value === '') params.delete(name);
    else params.set(name, value);
  }
  const query = params.toString();
  navigate(location.pathname + (query === '' ? '' : `?${query}`), how);
}

export function useRoute(): Route {
  const url = useSyncExternalStore(subscribe, () => location.pathname + location.search);
  return useMemo(() => {
    const [path = '', query = ''] = url.split('?');
    const page = PAGES.find((name) => path === `/${name}`) ?? 'flow';
    return { page, params: new URLSearchParams(query) };
  }, [url]);
}

/** A link within the app: a real one, so that it opens in a new tab too. */
export function Link({ to, children, ...rest }: { to: string } & React.ComponentProps<'a'>) {
  return (
    <a
      {...rest}
      href={to}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        navigate(to);
      }}
    >
      {children}
    </a>
  );
}
