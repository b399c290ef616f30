/**
 * Links of a member: by thread to the members of its node, by NATS to all others.
 *
 * L1. Which way a peer is reached never changes, so that messages to it keep their order.
 */

import type { Links } from "../ports/index.ts";

export class NodeLinks implements Links {
  readonly messageBytesMax: number;
  readonly #siblings: ReadonlySet<string>;
  readonly #threads: Links;
  readonly #remote: Links;

  /** `siblings`: lanes of the members of the same node. */
  constructor(siblings: Iterable<string>, threads: Links, remote: Links) {
    this.#siblings = new Set(siblings);
    this.#threads = threads;
    this.#remote = remote;
    this.messageBytesMax = Math.min(threads.messageBytesMax, remote.messageBytesMax);
  }

  send(to: string, message: Uint8Array): void {
    if (this.#siblings.has(to)) this.#threads.send(to, message);
    else this.#remote.send(to, message);
  }

  receive(onMessage: (from: string, message: Uint8Array) => void): void {
    this.#threads.receive(onMessage);
    this.#remote.receive(onMessage);
  }
}
