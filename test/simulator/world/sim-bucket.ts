/** The bucket behind simulated key-value ports: shared by every process, outliving all of them. */

import { copyOf } from "./bytes.ts";

export interface BucketChange {
  readonly key: string;
  /** Undefined for a deletion. */
  readonly value: Uint8Array | undefined;
  readonly revision: number;
  /** When it was stored, in the order of the world. */
  readonly stamp: number;
}

export class SimBucket {
  readonly name: string;
  readonly #stamp: () => number;
  readonly #newest = new Map<string, BucketChange>();
  readonly #history: BucketChange[] | undefined;
  readonly #listeners = new Set<(change: BucketChange) => void>();
  #revision = 0;

  /** With `keepsHistory` every change is kept, for the checks. */
  constructor(name: string, stamp: () => number, keepsHistory: boolean) {
    this.name = name;
    this.#stamp = stamp;
    this.#history = keepsHistory ? [] : undefined;
  }

  /** Every change there ever was, oldest first. */
  get history(): readonly BucketChange[] {
    return this.#history ?? [];
  }

  /** The newest change of a key, deletions included. */
  newest(key: string): BucketChange | undefined {
    return this.#newest.get(key);
  }

  /** The newest change of every key there ever was, in the order of their first appearance. */
  all(): Iterable<BucketChange> {
    return this.#newest.values();
  }

  /** The new revision, or undefined, and nothing stored, when the key is not at `expected`. */
  put(key: string, value: Uint8Array, expected: number): number | undefined {
    const newest = this.#newest.get(key);
    const current = newest?.value === undefined ? 0 : newest.revision;
    return current === expected ? this.overwrite(key, value) : undefined;
  }

  overwrite(key: string, value: Uint8Array): number {
    return this.#change(key, copyOf(value));
  }

  delete(key: string): void {
    if (this.#newest.get(key)?.value !== undefined) this.#change(key, undefined);
  }

  /** Calls back after every change; the result ends it. */
  onChange(callback: (change: BucketChange) => void): () => void {
    this.#listeners.add(callback);
    return () => void this.#listeners.delete(callback);
  }

  #change(key: string, value: Uint8Array | undefined): number {
    const change: BucketChange = { key, value, revision: ++this.#revision, stamp: this.#stamp() };
    this.#newest.set(key, change);
    this.#history?.push(change);
    for (const tell of [...this.#listeners]) tell(change);
    return change.revision;
  }
}
