/**
 * How much work is in flight: the bound that keeps memory flat under overload.
 *
 * F1. Never more than `itemsMax` items at once, except one message alone that is larger than the bound itself:
 *     it may pass when nothing else is in flight, else a small bound would refuse it for ever.
 * F2. Every admitted item leaves exactly once, when its message is answered.
 */

import { invariant } from "../../base/index.ts";

export class Flight {
  readonly #itemsMax: number;
  #items = 0;
  #waiting: (() => void)[] = [];

  constructor(itemsMax: number) {
    this.#itemsMax = itemsMax;
  }

  get items(): number {
    return this.#items;
  }

  /** Whether `items` may start now. */
  hasRoom(items: number): boolean {
    return this.#items === 0 || this.#items + items <= this.#itemsMax;
  }

  enter(items: number): void {
    this.#items += items;
  }

  leave(items: number): void {
    this.#items -= items;
    invariant(this.#items >= 0, "more items left the flight than entered it");
    if (this.#items === 0 && this.#waiting.length > 0) this.#wake();
  }

  /** Resolves once nothing is in flight. */
  idle(): Promise<void> {
    if (this.#items === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
