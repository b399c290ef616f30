/** Where a sorted list goes on. */

/** Index of the first text behind `after`, in code units; the length when there is none. O(log n). */
export function firstAfter(sorted: readonly string[], after: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as string) <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
