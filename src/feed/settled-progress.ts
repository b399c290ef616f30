/**
 * Progress that has been true for so long that the server has it on disk. The outputs persist asynchronously: the server may
 * lose their newest messages with a power cut, so the journal is kept, and the stored cursor held back, until they are settled.
 */

import type { FeedCursor } from "./cursor.ts";

interface Sample {
  readonly atMs: number;
  readonly cursor: FeedCursor;
}

/** Samples kept at once; the spacing follows from it. */
const SAMPLES_MAX = 20;

export class SettledProgress {
  readonly #settleMs: number;
  readonly #spacingMs: number;
  #samples: Sample[] = [];
  #settled: FeedCursor | undefined;

  constructor(settleMs: number) {
    this.#settleMs = settleMs;
    this.#spacingMs = settleMs / SAMPLES_MAX;
  }

  /** Notes what is stored now. */
  observe(nowMs: number, cursor: FeedCursor): void {
    const newest = this.#samples.at(-1);
    if (newest === undefined || nowMs - newest.atMs >= this.#spacingMs) this.#samples.push({ atMs: nowMs, cursor });
  }

  /** An output was read anew: what was noted may have been lost in between. What had settled stays settled. */
  forget(): void {
    this.#samples = [];
  }

  /** The newest progress noted at least `settleMs` ago, undefined before there is one. */
  settled(nowMs: number): FeedCursor | undefined {
    while (this.#samples[0] !== undefined && nowMs - this.#samples[0].atMs >= this.#settleMs) {
      this.#settled = this.#samples.shift()?.cursor;
    }
    return this.#settled;
  }
}
