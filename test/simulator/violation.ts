/** A promise of the grid that a run found broken. */

export class Violation extends Error {
  override readonly name = "Violation";
}

/** Throws {@link Violation} unless the condition holds. */
export function mustHold(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Violation(message);
}
