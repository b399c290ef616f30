/** Broken invariants: on in production too. The member stops and is rebuilt from snapshot and journal. */

export class InvariantBroken extends Error {
  override readonly name = "InvariantBroken";
}

/** Throws {@link InvariantBroken} unless the condition holds. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantBroken(message);
}
