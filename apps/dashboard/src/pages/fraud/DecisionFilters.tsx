import type { Verdict } from '@nerveline/contracts';
import { Pause, Play } from 'lucide-react';
import { setParams } from '../../app/router';
import controls from '../../design/controls.module.css';
import { cx } from '../../design/cx';
import { formatInteger } from '../../design/format';
import { HeldPill, type Held } from '../../design/held';
import { SearchField } from '../../design/SearchField';
import { Segmented } from '../../design/Segmented';
import { KEPT_DECISIONS, type DecisionRow } from '../../model/fraud-store';
import { VerdictMark } from './verdicts';

export type VerdictFilter = Verdict | 'all';

const OPTIONS = [
  { value: 'all', label: 'all' },
  { value: 'block', label: <VerdictMark verdict="block" /> },
  { value: 'review', label: <VerdictMark verdict="review" /> },
  { value: 'allow', label: <VerdictMark verdict="allow" /> },
] as const;

/** What of the decisions is shown, and whether they move. */
export function DecisionFilters({
  verdict,
  query,
  paused,
  held,
  shown,
  onPause,
  onRelease,
}: {
  verdict: VerdictFilter;
  query: string;
  paused: boolean;
  held: Held<DecisionRow>;
  shown: number;
  onPause: () => void;
  onRelease: () => void;
}) {
  const pause_label = paused ? 'Go on' : 'Pause';
  return (
    <div className={controls['toolbar']}>
      <Segmented
        label="Verdict"
        value={verdict}
        options={OPTIONS}
        onChange={(value) => setParams({ verdict: value === 'all' ? null : value })}
      />
      <SearchField label="Card, merchant, reason" value={query} onChange={(text) => setParams({ q: text })} />
      <button type="button" className={controls['button']} aria-label={pause_label} onClick={onPause}>
        {paused ? <Play size={14} aria-hidden="true" /> : <Pause size={14} aria-hidden="true" />}
        <span className={controls['wordy']}>{pause_label}</span>
      </button>
      <HeldPill held={held} onRelease={onRelease} />
      <span className={controls['spacer']} />
      <span
        className={cx(controls['count'], controls['wordy'])}
        title={`The page keeps the last ${formatInteger(KEPT_DECISIONS)}; older ones are in the log.`}
      >
        {formatInteger(shown)} shown
      </span>
    </div>
  );
}
