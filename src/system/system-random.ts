/** Chance from the operating system, drawn in blocks. */

import { randomFillSync } from "node:crypto";
import type { Random } from "../ports/index.ts";

export class SystemRandom implements Random {
  readonly #block = new Uint32Array(256);
  #next = this.#block.length;

  uint32(): number {
    if (this.#next === this.#block.length) {
      randomFillSync(this.#block);
      this.#next = 0;
    }
    return this.#block[this.#next++] as number;
  }
}
