/** The middle value (of an even number the lower one of the two). */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The smallest value that this share of all doesn't exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
