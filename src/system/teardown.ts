/** The parts of a process in the order in which they were started, to be stopped in the opposite one. */

import type { Log } from "../ports/index.ts";

/** Undoes what was started, last first. A part that fails to stop is logged and does not keep the others. */
export class Teardown {
  readonly #steps: { name: string; stop: () => Promise<void> | void }[] = [];
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  add(name: string, stop: () => Promise<void> | void): void {
    this.#steps.push({ name, stop });
  }

  async run(): Promise<void> {
    for (const { name, stop } of this.#steps.splice(0).reverse()) {
      try {
        await stop();
      } catch (error) {
        this.#log.error({ part: name, error: String(error) }, "a part of the node did not stop cleanly");
      }
    }
  }
}
