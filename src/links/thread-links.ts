/**
 * Links between members of one node: a MessagePort for each pair of threads. A datagram is one transferred buffer.
 *
 * T1. A thread that ended takes nothing any more: what is sent to it is dropped, until its successor is connected.
 */

import type { MessagePort } from "node:worker_threads";
import { invariant } from "../base/index.ts";
import type { Links } from "../ports/index.ts";
import { framesBytesMax, messageBytesMax, packFrames, unpackFrames } from "./frames.ts";
import { Outbox } from "./outbox.ts";

const DATAGRAM_BYTES_MAX = 64 * 1024 * 1024;

interface Peer {
  readonly port: MessagePort;
  readonly outbox: Outbox;
}

export class ThreadLinks implements Links {
  readonly messageBytesMax: number;
  readonly #lane: Uint8Array;
  readonly #framesBytesMax: number;
  readonly #peers = new Map<string, Peer>();
  #onMessage: ((from: string, message: Uint8Array) => void) | undefined;

  /** `lane` is the own one. */
  constructor(lane: string) {
    this.#lane = new TextEncoder().encode(lane);
    this.#framesBytesMax = framesBytesMax(DATAGRAM_BYTES_MAX, this.#lane.length);
    this.messageBytesMax = messageBytesMax(this.#framesBytesMax);
  }

  /** Takes the port that the hub made for the pair; a newer one takes the place of the one before. */
  connect(peer: string, port: MessagePort): void {
    this.#peers.get(peer)?.port.close();
    const outbox = new Outbox(this.#framesBytesMax, (messages) => {
      const datagram = packFrames(this.#lane, messages);
      port.postMessage(datagram, [datagram.buffer]);
    });
    this.#peers.set(peer, { port, outbox });
    port.on("close", () => {
      if (this.#peers.get(peer)?.port === port) this.#peers.delete(peer);
    });
    if (this.#onMessage !== undefined) this.#listen(port);
  }

  send(to: string, message: Uint8Array): void {
    this.#peers.get(to)?.outbox.push(message);
  }

  receive(onMessage: (from: string, message: Uint8Array) => void): void {
    invariant(this.#onMessage === undefined, "links have one receiver");
    this.#onMessage = onMessage;
    for (const { port } of this.#peers.values()) this.#listen(port);
  }

  close(): void {
    for (const { port } of [...this.#peers.values()]) port.close();
    this.#peers.clear();
  }

  /** Listening starts the port: what came before waits in it. */
  #listen(port: MessagePort): void {
    const onMessage = this.#onMessage as (from: string, message: Uint8Array) => void;
    port.on("message", (datagram: Uint8Array) => {
      invariant(unpackFrames(datagram, onMessage), "a thread sent what is no datagram");
    });
  }
}
