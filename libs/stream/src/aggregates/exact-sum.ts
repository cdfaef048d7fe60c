/**
 * A sum without rounding until it is read: whole numbers as one, anything else as a list of parts that don't overlap
 * (Shewchuk 1997, as Python's fsum). It is the same in whatever order values come and panes are merged, which a plain
 * floating-point sum is not.
 */
export interface ExactSum {
  whole: number;
  parts: number[] | null;
}

export const emptySum = (): ExactSum => ({ whole: 0, parts: null });

export function addExactly(sum: ExactSum, value: number): void {
  const whole = sum.whole + value;
  if (Number.isSafeInteger(value) && Number.isSafeInteger(whole)) {
    sum.whole = whole;
    return;
  }
  sum.parts ??= [];
  addPart(sum.parts, value);
}

export function mergeExactly(into: ExactSum, from: ExactSum): void {
  addExactly(into, from.whole);
  for (const part of from.parts ?? []) addExactly(into, part);
}

function addPart(parts: number[], value: number): void {
  let kept = 0;
  let high = value;
  for (let part of parts) {
    if (Math.abs(high) < Math.abs(part)) [high, part] = [part, high];
    const sum = high + part;
    const low = part - (sum - high);
    if (low !== 0) {
      parts[kept] = low;
      kept += 1;
    }
    high = sum;
  }
  parts.length = kept;
  parts.push(high);
}

/** The sum, rounded once. */
export function readSum({ whole, parts }: ExactSum): number {
  if (parts === null) return whole;
  const all = [...parts];
  addPart(all, whole);
  let at = all.length - 1;
  let high = all[at] ?? 0;
  let low = 0;
  while (at > 0) {
    at -= 1;
    const before = high;
    const part = all[at] ?? 0;
    high = before + part;
    low = part - (high - before);
    if (low !== 0) break;
  }
  const below = all[at - 1] ?? 0;
  // Half-way cases: the parts below decide which way to round.
  if (at > 0 && ((low < 0 && below < 0) || (low > 0 && below > 0))) {
    const doubled = low * 2;
    const rounded = high + doubled;
    if (doubled === rounded - high) high = rounded;
  }
  return high;
}
