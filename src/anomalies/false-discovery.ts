/**
 * The false discovery rate under control: Benjamini and Hochberg (1995), as adjusted p-values.
 *
 * Of the findings reported at level q, a share of at most q is expected to be false alarms, when tests are independent or positively
 * dependent (Benjamini and Yekutieli 2001). All tests that were made count, also those that found nothing.
 */

/** For each p-value the lowest level at which it is reported; what is no number counts as 1. O(n log n). */
export function adjustedPValues(pValues: ArrayLike<number>): Float64Array {
  const count = pValues.length;
  const values = Float64Array.from(pValues, (p) => (p >= 0 ? Math.min(1, p) : 1));
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number));
  const adjusted = new Float64Array(count);
  let lowest = 1;
  for (let rank = count; rank > 0; rank--) {
    const place = order[rank - 1] as number;
    const value = values[place] as number;
    lowest = Math.min(lowest, Math.max(value, (value * count) / rank));
    adjusted[place] = lowest;
  }
  return adjusted;
}
