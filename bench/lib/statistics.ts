/** Medians and their spread: every published number comes with the range it was seen in. */

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Of at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
  return { median, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

/** Ratios of values measured in the same round, so that what slows a whole round slows both. */
export function pairedRatio(values: readonly number[], basis: readonly number[]): Spread {
  return spreadOf(values.map((value, round) => value / (basis[round] ?? Number.NaN)));
}

export function formatSpread({ median, min, max }: Spread, digits = 0): string {
  const text = (value: number): string =>
    value.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: digits });
  return `${text(median)} (${text(min)} to ${text(max)})`;
}
