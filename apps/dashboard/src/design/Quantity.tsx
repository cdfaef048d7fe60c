import { formatInteger } from './format';

/** A number of a table; none is muted, so that the others are seen. */
export function Quantity({ value, format = formatInteger }: { value: number; format?: (value: number) => string }) {
  return <code className={value === 0 ? 'muted' : undefined}>{format(value)}</code>;
}
