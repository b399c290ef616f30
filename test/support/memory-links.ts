/** Links within the test: messages arrive in order at the next `soon`, unless their way is cut. */

import type { Links } from "../../src/ports/index.ts";

type OnMessage = (from: string, message: Uint8Array) => void;

export class MemoryNetwork {
  readonly #receivers = new Map<string, OnMessage>();
  readonly #soon: (callback: () => void) => void;
  /** Lanes from which and to which nothing arrives. */
  readonly cut = new Set<string>();
  /** Messages sent, lost ones too. */
  sent = 0;

  constructor(soon: (callback: () => void) => void) {
    this.#soon = soon;
  }

  link(lane: string, messageBytesMax = 1_000_000): Links {
    return {
      messageBytesMax,
      send: (to, message) => this.#send(lane, to, message, messageBytesMax),
      receive: (onMessage) => this.#receivers.set(lane, onMessage),
    };
  }

  #send(from: string, to: string, message: Uint8Array, bytesMax: number): void {
    if (message.length > bytesMax) throw new Error(`a message of ${message.length} bytes is too large`);
    this.sent++;
    if (this.cut.has(from) || this.cut.has(to)) return;
    const bytes = message.slice();
    this.#soon(() => {
      if (!this.cut.has(to)) this.#receivers.get(to)?.(from, bytes);
    });
  }
}
