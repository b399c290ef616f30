/**
 * Links between nodes: core NATS, one subject a member.
 *
 * N1. Without a connection messages are dropped: the client would keep them and send them after the reconnect, when nobody waits for them.
 */

import type { NatsConnection, Subscription } from "@nats-io/nats-core";
import { invariant } from "../base/index.ts";
import type { Links } from "../ports/index.ts";
import { framesBytesMax, messageBytesMax, packFrames, unpackFrames } from "./frames.ts";
import { Outbox } from "./outbox.ts";

const SUBJECT_PREFIX = "stockgrid.link.";
const PAYLOAD_BYTES_DEFAULT = 1024 * 1024;
/** Left free of the server's max_payload. */
const HEADROOM_BYTES = 1024;

/** Subject on which a member takes messages. Lanes are NATS tokens, see laneName. */
export function linkSubject(lane: string): string {
  return SUBJECT_PREFIX + lane;
}

export class NatsLinks implements Links {
  readonly messageBytesMax: number;
  readonly #connection: NatsConnection;
  readonly #lane: string;
  readonly #laneBytes: Uint8Array;
  readonly #framesBytesMax: number;
  /** One for each peer that was ever sent to: as many as there are members. */
  readonly #outboxes = new Map<string, Outbox>();
  #subscription: Subscription | undefined;
  #connected = true;
  #closed = false;

  /** `lane` is the own one. The connection stays the caller's. */
  constructor(connection: NatsConnection, lane: string) {
    this.#connection = connection;
    this.#lane = lane;
    this.#laneBytes = new TextEncoder().encode(lane);
    const payloadBytesMax = (connection.info?.max_payload ?? PAYLOAD_BYTES_DEFAULT) - HEADROOM_BYTES;
    this.#framesBytesMax = framesBytesMax(payloadBytesMax, this.#laneBytes.length);
    this.messageBytesMax = messageBytesMax(this.#framesBytesMax);
    void this.#watchConnection();
  }

  send(to: string, message: Uint8Array): void {
    this.#outboxOf(to).push(message);
  }

  receive(onMessage: (from: string, message: Uint8Array) => void): void {
    invariant(this.#subscription === undefined, "links have one receiver");
    this.#subscription = this.#connection.subscribe(linkSubject(this.#lane), {
      callback: (error, message) => {
        // What is no datagram comes from no member: it counts as lost.
        if (error === null) unpackFrames(message.data, onMessage);
      },
    });
  }

  /** Resolves once the server knows the subscription: messages sent from then on arrive. */
  async ready(): Promise<void> {
    await this.#connection.flush();
  }

  close(): void {
    this.#closed = true;
    if (!this.#connection.isClosed()) this.#subscription?.unsubscribe();
  }

  #outboxOf(to: string): Outbox {
    let outbox = this.#outboxes.get(to);
    if (outbox === undefined) {
      const subject = linkSubject(to);
      outbox = new Outbox(this.#framesBytesMax, (messages) => this.#ship(subject, messages));
      this.#outboxes.set(to, outbox);
    }
    return outbox;
  }

  #ship(subject: string, messages: readonly Uint8Array[]): void {
    if (this.#closed || !this.#connected || this.#connection.isClosed()) return;
    this.#connection.publish(subject, packFrames(this.#laneBytes, messages));
  }

  async #watchConnection(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (this.#closed) return;
      if (status.type === "reconnect") this.#connected = true;
      else if (status.type === "disconnect" || status.type === "close") this.#connected = false;
    }
    this.#connected = false;
  }
}
