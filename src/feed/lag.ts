/** How far behind the journal a follower is: the age of the oldest committed record it has not published. */

export class Lag {
  #behindSince: number | undefined;

  /** A record committed at `at` waits; only the oldest counts. */
  waiting(at: number): void {
    this.#behindSince ??= at;
  }

  /** Everything up to `at` is published; `newest` when nothing is known to be left. */
  published(at: number, newest: boolean): void {
    this.#behindSince = newest ? undefined : at;
  }

  /** Seconds; 0 when caught up. */
  seconds(nowMs: number): number {
    return this.#behindSince === undefined ? 0 : Math.max(0, (nowMs - this.#behindSince) / 1_000);
  }
}
