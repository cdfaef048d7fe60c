import { PanelLeftClose, PanelLeftOpen } from 'lucide-react';
import { cx } from '../design/cx';
import { IconButton } from '../design/IconButton';
import { useLive } from './live';
import { pages } from './pages';
import { setPreferences, usePreferences } from './preferences';
import { Link, PAGES, type PageName } from './router';
import styles from './shell.module.css';

export function Rail({ page }: { page: PageName }) {
  const { principal } = useLive();
  const narrow = usePreferences().rail === 'narrow';
  return (
    <nav className={cx(styles['rail'], narrow && styles['narrow'])} aria-label="Pages">
      <Link to="/flow" className={styles['brand']} aria-label="Nerveline, to the flow">
        <svg
          viewBox="0 0 32 32"
          width="22"
          height="22"
          fill="none"
          stroke="currentColor"
          strokeWidth="3"
          strokeLinecap="round"
          strokeLinejoin="round"
          aria-hidden="true"
        >
          <path d="M3 17h7l4-10 5 18 4-8h6" />
        </svg>
        <span>Nerveline</span>
      </Link>
      <ul>
        {PAGES.map((name, index) => {
          const { icon: Icon, title, says } = pages[name];
          return (
            <li key={name}>
              <Link
                to={`/${name}`}
                aria-current={name === page ? 'page' : undefined}
                aria-label={title}
                title={`${says} (${index + 1})`}
              >
                <Icon size={18} strokeWidth={1.75} aria-hidden="true" />
                <span>{title}</span>
              </Link>
            </li>
          );
        })}
      </ul>
      <div className={styles['railFoot']}>
        <p className={styles['who']} title={principal.roles.join(', ')}>
          {principal.subject}
          <br />
          <span className="muted">tenant {principal.tenant_id}</span>
        </p>
        <IconButton
          icon={narrow ? PanelLeftOpen : PanelLeftClose}
          label={narrow ? 'Widen the rail' : 'Narrow the rail'}
          className={styles['fold']}
          onClick={() => setPreferences({ rail: narrow ? 'open' : 'narrow' })}
        />
      </div>
    </nav>
  );
}
