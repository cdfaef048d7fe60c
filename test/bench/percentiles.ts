/** The values below which the given shares of the samples lie (nearest rank), to a hundredth. */
export function percentiles(samples: readonly number[], shares: readonly number[]): number[] {
  const sorted = Float64Array.from(samples).sort();
  return shares.map((share) => {
    const rank = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1));
    return round(sorted[rank] ?? Number.NaN);
  });
}

export const round = (value: number): number => Math.round(value * 100) / 100;
