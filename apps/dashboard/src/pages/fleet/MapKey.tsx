import styles from './fleet.module.css';

const SHAPES = [
  { token: 'good', word: 'on route', frame: null },
  { token: 'watch', word: 'late', frame: <circle cx="9" cy="9" r="7.5" /> },
  { token: 'bad', word: 'off route', frame: <rect x="1.8" y="1.8" width="14.4" height="14.4" /> },
] as const;

const LINES = [
  { token: 'watch', word: 'jam', dash: undefined },
  { token: 'bad', word: 'closed', dash: '4 2.5' },
  { token: 'series-2', word: 'storm', dash: undefined },
] as const;

/** What shapes and lines mean; in its first place the name of what lies under the pointer. */
export function MapKey({ says }: { says: string | null }) {
  return (
    <div className={styles['key']}>
      {says !== null && (
        <strong>
          <bdi>{says}</bdi>
        </strong>
      )}
      <ul aria-label="Key of the map">
        {SHAPES.map(({ token, word, frame }) => (
          <li key={word}>
            <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true" style={{ color: `var(--${token})` }}>
              <path d="M9 3.5 13 13.5 9 11 5 13.5Z" fill="currentColor" />
              <g fill="none" stroke="currentColor" strokeWidth="1.5">
                {frame}
              </g>
            </svg>
            {word}
          </li>
        ))}
        <li>
          <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true" style={{ color: 'var(--unknown)' }}>
            <circle cx="9" cy="9" r="3.4" fill="none" stroke="currentColor" strokeWidth="2" />
          </svg>
          idle
        </li>
        {LINES.map(({ token, word, dash }) => (
          <li key={word}>
            <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true" style={{ color: `var(--${token})` }}>
              <path d="M1 9h16" stroke="currentColor" strokeWidth="4" strokeDasharray={dash} />
            </svg>
            {word}
          </li>
        ))}
      </ul>
      <small>Roads of the router; imported ones © OpenStreetMap contributors</small>
    </div>
  );
}
