/**
 * Faults: the world failed, and the caller did nothing wrong. Answered as 429 or 503 at the edge.
 * Rejections (expected outcomes) are plain data, see stock/ and reservation/; broken invariants are in assert.ts.
 */

/**
 * - `too-many-requests`: a bounded queue is full; nothing was done.
 * - `not-ready`: the shard is recovering or moving; nothing was done.
 * - `outcome-unknown`: the journal did not answer; retry with the same key is safe.
 * - `not-owner`: the member does not own the shard (any more); nothing was done. The router asks the owner; no caller of the grid sees it.
 */
export type FaultCode = "too-many-requests" | "not-ready" | "outcome-unknown" | "not-owner";

export interface Fault {
  readonly kind: "fault";
  readonly code: FaultCode;
  /** When a retry has a chance, milliseconds from now, at least 0. */
  readonly retryAfterMs: number;
  readonly detail: string;
}

/** Data on disk or in the journal that cannot be trusted. Stops the start; never skipped over. */
export class CorruptData extends Error {
  override readonly name = "CorruptData";
  /** Where it was found, for a person: the lane and sequence, or the table and key. */
  readonly where: string;
  constructor(what: string, where: string, options?: ErrorOptions) {
    super(`${what} (${where})`, options);
    this.where = where;
  }
}
