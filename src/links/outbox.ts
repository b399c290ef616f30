/**
 * Collects the messages of one turn of the event loop for one peer, and sends them as one datagram, or as few as their bytes allow.
 * The queue is bounded by what one turn sends.
 */

import { invariant } from "../base/index.ts";
import { framedBytes } from "./frames.ts";

export class Outbox {
  readonly #bytesMax: number;
  readonly #ship: (messages: readonly Uint8Array[]) => void;
  #messages: Uint8Array[] = [];
  #bytes = 0;
  #due = false;

  /** `bytesMax` bounds the framed messages of one datagram. */
  constructor(bytesMax: number, ship: (messages: readonly Uint8Array[]) => void) {
    this.#bytesMax = bytesMax;
    this.#ship = ship;
  }

  push(message: Uint8Array): void {
    const size = framedBytes(message);
    invariant(size <= this.#bytesMax, `a message of ${message.length} bytes is larger than the link takes`);
    if (this.#bytes + size > this.#bytesMax) this.#flush();
    this.#messages.push(message);
    this.#bytes += size;
    if (this.#due) return;
    this.#due = true;
    setImmediate(() => {
      this.#due = false;
      this.#flush();
    });
  }

  #flush(): void {
    const messages = this.#messages;
    if (messages.length === 0) return;
    this.#messages = [];
    this.#bytes = 0;
    this.#ship(messages);
  }
}
