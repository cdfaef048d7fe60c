import { Suspense, useEffect, useMemo, useState } from 'react';
import { CommandPalette } from './CommandPalette';
import { ErrorBoundary } from './ErrorBoundary';
import { useLive, useStale } from './live';
import { pages } from './pages';
import { toggleDensity, toggleTheme } from './preferences';
import { Rail } from './Rail';
import { PAGES, navigate, useRoute } from './router';
import { ShortcutsDialog } from './ShortcutsDialog';
import { useShortcuts } from './shortcuts';
import { StaleNotice } from './StaleNotice';
import { StatusStrip } from './StatusStrip';
import styles from './shell.module.css';

const focusSearch = () => document.querySelector<HTMLElement>('[data-page-search]')?.focus();

/** Rail, status strip and the page between them. */
export function Shell() {
  const { page } = useRoute();
  const [open, setOpen] = useState<'palette' | 'shortcuts' | null>(null);
  const stale = useStale();

  const keys = useMemo(
    () => ({
      'Ctrl+k': () => setOpen('palette'),
      '?': () => setOpen('shortcuts'),
      '/': focusSearch,
      t: toggleTheme,
      d: toggleDensity,
      ...Object.fromEntries(PAGES.map((name, index) => [String(index + 1), () => navigate(`/${name}`)])),
    }),
    [],
  );
  useShortcuts(keys);
  useEffect(() => {
    document.title = `${pages[page].title} · Nerveline`;
    if (location.pathname === '/') navigate(`/${page}`, 'replace');
  }, [page]);

  return (
    <div className={styles['app']}>
      <a className={styles['skip']} href="#main">
        Skip to the page
      </a>
      <Rail page={page} />
      <div className={styles['stage']}>
        <StatusStrip onPalette={() => setOpen('palette')} onShortcuts={() => setOpen('shortcuts')} />
        <StaleNotice />
        <main id="main" tabIndex={-1} className={styles['main']} data-stale={stale}>
          <h1 className="visually-hidden">{pages[page].title}</h1>
          <ErrorBoundary key={page}>
            <PageView />
          </ErrorBoundary>
        </main>
      </div>
      {open === 'palette' && <CommandPalette onClose={() => setOpen(null)} />}
      {open === 'shortcuts' && <ShortcutsDialog onClose={() => setOpen(null)} />}
    </div>
  );
}

function PageView() {
  const { page } = useRoute();
  const { principal } = useLive();
  const { View, scope, title } = pages[page];
  if (!principal.scopes.includes(scope)) {
    return (
      <p className={styles['opening']}>
        {title} needs the scope <code>{scope}</code>, which your token does not have.
      </p>
    );
  }
  return (
    <Suspense fallback={<p className={styles['opening']}>Opening {title}…</p>}>
      <View />
    </Suspense>
  );
}
