import controls from '../../design/controls.module.css';
import { cx } from '../../design/cx';
import { Segmented } from '../../design/Segmented';
import { roadName, type Road } from '../../model/road-map';
import { defaultReason, LENGTH_CHOICES, SPEED_CHOICES, type Choosable, type Report } from './report';
import styles from './fleet.module.css';

const KINDS = [
  { value: 'closure', label: 'Closure' },
  { value: 'jam', label: 'Jam' },
] as const;

function scopesOf(street: readonly Road[]): readonly Choosable<Report['scope']>[] {
  const stretch = { value: 'segment', label: 'this stretch' } as const;
  if (street.length < 2) return [stretch];
  return [stretch, { value: 'street', label: `the whole street, ${street.length} stretches` }];
}

/** What happened on a road; sending comes after a second look. */
export function ReportForm({
  report,
  street,
  onChange,
  onSubmit,
}: {
  report: Report;
  street: readonly Road[];
  onChange: (report: Report) => void;
  onSubmit: () => void;
}) {
  const name = street[0] === undefined ? '' : roadName(street[0]);
  const set = (patch: Partial<Report>) => onChange({ ...report, ...patch });
  const setKind = (kind: Report['kind']) => {
    const untouched = report.reason === defaultReason(report.kind, name);
    set({ kind, ...(untouched && { reason: defaultReason(kind, name) }) });
  };
  return (
    <form
      className={styles['form']}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <Segmented label="What happened" value={report.kind} options={KINDS} onChange={setKind} />
      <Choice label="Where" value={report.scope} options={scopesOf(street)} onChange={(scope) => set({ scope })} />
      {report.kind === 'jam' && (
        <Choice
          label="How bad"
          value={report.speed_factor}
          options={SPEED_CHOICES}
          onChange={(speed_factor) => set({ speed_factor })}
        />
      )}
      <Choice
        label="How long"
        value={report.lasts_minutes}
        options={LENGTH_CHOICES}
        onChange={(lasts_minutes) => set({ lasts_minutes })}
      />
      <label>
        Reason, as drivers read it
        <input
          required
          maxLength={256}
          value={report.reason}
          onChange={(event) => set({ reason: event.target.value })}
        />
      </label>
      <button type="submit" className={cx(controls['button'], controls['primary'])}>
        Report the {report.kind}…
      </button>
    </form>
  );
}

interface ChoiceProps<Value> {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly Choosable<Value>[];
  readonly onChange: (value: Value) => void;
}

/** A select over values of any type: the page counts places, not texts. */
function Choice<Value>({ label, value, options, onChange }: ChoiceProps<Value>) {
  return (
    <label>
      {label}
      <select
        value={options.findIndex((option) => option.value === value)}
        onChange={(event) => {
          const chosen = options[Number(event.target.value)];
          if (chosen !== undefined) onChange(chosen.value);
        }}
      >
        {options.map((option, index) => (
          <option key={option.label} value={index}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}
