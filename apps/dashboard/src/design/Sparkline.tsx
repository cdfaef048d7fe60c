import styles from './controls.module.css';

/** A line without axes: the shape of the last minutes beside its number. The first value stands left. */
export function Sparkline({
  values,
  label,
  least_span = 0,
  width = 120,
  height = 24,
}: {
  values: readonly number[];
  label: string;
  /** What the height shows at least: less than this is a level line, not a mountain. */
  least_span?: number;
  width?: number;
  height?: number;
}) {
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  const span = Math.max(highest - lowest, least_span) || 1;
  const low = (lowest + highest - span) / 2;
  const points = values.map((value, index) => {
    const x = values.length < 2 ? width : (index / (values.length - 1)) * width;
    return `${x.toFixed(1)},${(height - 2 - ((value - low) / span) * (height - 4)).toFixed(1)}`;
  });
  return (
    <svg
      className={styles['sparkline']}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={label}
    >
      {values.length > 1 && <polyline points={points.join(' ')} fill="none" stroke="currentColor" strokeWidth="1.5" />}
    </svg>
  );
}
