/** How far an import of a file came, kept in a small file beside it, so that the same command again goes on from there. */

import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { ImportCounts } from "./import-run.ts";

export interface ImportState {
  /** Says whether a state is of this very import: content, grid, kind and columns. */
  readonly identity: string;
  /** Every row up to this one has its outcome. */
  readonly rows: number;
  readonly counts: ImportCounts;
}

const SAVE_MS = 500;

/** Progress of one import. A file that cannot be written costs the resume, not the import: ids keep a repeat harmless. */
export class Progress {
  readonly #path: string | undefined;
  readonly #identity: string;
  #savedAt = Number.NEGATIVE_INFINITY;
  #latest: ImportState | undefined;
  /** Why the state could not be kept, when it could not. */
  failure: string | undefined;

  constructor(path: string | undefined, identity: string) {
    this.#path = path;
    this.#identity = identity;
  }

  /** The state an earlier run of this import left, undefined when there is none. */
  earlier(): ImportState | undefined {
    if (this.#path === undefined) return undefined;
    try {
      const state = JSON.parse(readFileSync(this.#path, "utf8")) as ImportState;
      return state.identity === this.#identity && Number.isSafeInteger(state.rows) ? state : undefined;
    } catch {
      // Missing or cut short: begin at the first row.
      return undefined;
    }
  }

  /** Kept at most every half second; {@link save} keeps the last one. */
  reached(rows: number, counts: Readonly<ImportCounts>): void {
    this.#latest = { identity: this.#identity, rows, counts: { ...counts } };
    if (performance.now() - this.#savedAt >= SAVE_MS) this.save();
  }

  save(): void {
    if (this.#path === undefined || this.#latest === undefined) return;
    this.#savedAt = performance.now();
    try {
      writeFileSync(`${this.#path}.new`, `${JSON.stringify(this.#latest)}\n`);
      renameSync(`${this.#path}.new`, this.#path);
    } catch (error) {
      this.failure = String(error);
    }
  }

  /** The import is complete: nothing to go on with. */
  clear(): void {
    if (this.#path !== undefined) rmSync(this.#path, { force: true });
  }
}
