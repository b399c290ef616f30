/** What happened in a run, line by line: the last lines for a person, a digest of all of them for the proof that a seed replays. */

import { crc32 } from "node:zlib";
import { type Scheduler, WORLD_BEGINS_MS } from "./world/index.ts";

const LINES_KEPT = 60;

export class Trace {
  readonly #scheduler: Scheduler;
  readonly #linesKept: number;
  readonly #lines: string[] = [];
  #digest = 0;
  #count = 0;

  constructor(scheduler: Scheduler, linesKept = LINES_KEPT) {
    this.#scheduler = scheduler;
    this.#linesKept = linesKept;
  }

  note(what: string): void {
    const { elapsedMs, wallMs } = this.#scheduler;
    const jumped = wallMs - WORLD_BEGINS_MS - elapsedMs;
    const line = `${String(elapsedMs).padStart(7)} ms${jumped === 0 ? "" : ` (wall ${jumped > 0 ? "+" : ""}${jumped})`}  ${what}`;
    this.#digest = crc32(line, this.#digest);
    this.#count++;
    this.#lines.push(line);
    if (this.#lines.length > this.#linesKept) this.#lines.shift();
  }

  /** Equal for equal runs. */
  get digest(): string {
    return `${this.#count}-${this.#digest.toString(16).padStart(8, "0")}`;
  }

  /** The newest lines, oldest first. */
  get tail(): readonly string[] {
    return this.#lines;
  }
}
