/** Breaks the circle of router and member when they are put together. */

import { invariant } from "./base/index.ts";
import type { Peers } from "./member/index.ts";

/** The router and the member need each other: the member gets this, and asks nobody before it is given the router. */
export class LatePeers implements Peers {
  #peers: Peers | undefined;

  are(peers: Peers): void {
    this.#peers = peers;
  }

  hold(...asked: Parameters<Peers["hold"]>): void {
    this.#known.hold(...asked);
  }

  follow(...asked: Parameters<Peers["follow"]>): void {
    this.#known.follow(...asked);
  }

  claimMovement(...asked: Parameters<Peers["claimMovement"]>): void {
    this.#known.claimMovement(...asked);
  }

  freeMovement(...asked: Parameters<Peers["freeMovement"]>): void {
    this.#known.freeMovement(...asked);
  }

  get #known(): Peers {
    invariant(this.#peers !== undefined, "the router is there before the member serves");
    return this.#peers;
  }
}
