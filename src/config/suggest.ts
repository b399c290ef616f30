/** "Did you mean": the nearest of some known words. */

/** The known word with the fewest edits to `word`, or undefined when none is near enough to be meant. O(words * length^2). */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const editsMax = Math.max(2, Math.floor(word.length / 4));
  let best: string | undefined;
  let bestEdits = editsMax + 1;
  for (const candidate of known) {
    const edits = editDistance(word, candidate);
    if (edits < bestEdits) [best, bestEdits] = [candidate, edits];
  }
  return best;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    above = row;
  }
  return above[b.length] as number;
}
