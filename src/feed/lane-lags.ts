/** How far behind the journal a follower of many lanes is: as far as in the lane where it is furthest. */

import { Lag } from "./lag.ts";

export class LaneLags {
  readonly #lags = new Map<string, Lag>();
  #brokenSince: number | undefined;

  /** A record of the lane, committed at `at`, waits. */
  waiting(lane: string, at: number): void {
    this.#of(lane).waiting(at);
  }

  /** See {@link Lag.published}. */
  published(lane: string, at: number, newest: boolean): void {
    this.#of(lane).published(at, newest);
  }

  /** The lane is not followed any more. */
  drop(lane: string): void {
    this.#lags.delete(lane);
  }

  /** No session runs since `nowMs`. */
  broken(nowMs: number): void {
    this.#brokenSince ??= nowMs;
  }

  /** A session runs again: it says itself which lanes wait. */
  begun(): void {
    this.#brokenSince = undefined;
  }

  /** Nothing is followed. */
  clear(): void {
    this.#lags.clear();
    this.#brokenSince = undefined;
  }

  /** Seconds; 0 when caught up in all lanes. */
  seconds(nowMs: number): number {
    let most = this.#brokenSince === undefined ? 0 : Math.max(0, (nowMs - this.#brokenSince) / 1_000);
    for (const lag of this.#lags.values()) most = Math.max(most, lag.seconds(nowMs));
    return most;
  }

  #of(lane: string): Lag {
    let lag = this.#lags.get(lane);
    if (lag === undefined) {
      lag = new Lag();
      this.#lags.set(lane, lag);
    }
    return lag;
  }
}
