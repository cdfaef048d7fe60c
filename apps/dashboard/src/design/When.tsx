import { formatExactTime, formatInstant, formatShortTime, formatTime } from './format';

const FORMATS = { second: formatTime, minute: formatShortTime, exact: formatExactTime };

/** An instant in the viewer's zone; the full one with its zone on hover. */
export function When({ at_ms, to = 'second' }: { at_ms: number; to?: keyof typeof FORMATS }) {
  return (
    <time className="mono nowrap" dateTime={new Date(at_ms).toISOString()} title={formatInstant(at_ms)}>
      {FORMATS[to](at_ms)}
    </time>
  );
}
