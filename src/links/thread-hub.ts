/**
 * Makes the ports between the members of a node, in its main thread. Holds no port itself: both ends are handed out at once.
 */

import { MessageChannel, type MessagePort } from "node:worker_threads";

/** Hands a port to the member: `worker.postMessage({ peer, port }, [port])`, or a call when it is in the same thread. */
export type HandPort = (peer: string, port: MessagePort) => void;

export class ThreadHub {
  readonly #members = new Map<string, HandPort>();

  /** Connects a member with all that are there. The successor of a thread that ended is added again under its lane. O(members). */
  add(lane: string, hand: HandPort): void {
    this.#members.delete(lane);
    for (const [peer, handPeer] of this.#members) {
      const { port1, port2 } = new MessageChannel();
      hand(peer, port1);
      handPeer(lane, port2);
    }
    this.#members.set(lane, hand);
  }

  /** Its ports close with its thread. */
  remove(lane: string): void {
    this.#members.delete(lane);
  }
}
