/**
 * Several users of one Links: each has a channel, a number in front of every message. A message that is larger than the link takes goes in parts.
 *
 * H1. A message arrives whole or not at all: parts carry the number of their message and their own, and one that does not follow drops the message.
 */

import { invariant } from "../base/index.ts";
import type { Links } from "../ports/index.ts";

const WHOLE = 0;
const PART = 1;
const LAST_PART = 2;
/** Channel, form. */
const HEAD_BYTES = 2;
/** And of a part: number of the message, 4 bytes, and of the part, 2 bytes. */
const PART_HEAD_BYTES = 8;
/** Largest message of a channel; bounds what one peer can make another collect. */
const MESSAGE_BYTES_MAX = 32 * 1024 * 1024;

type OnMessage = (from: string, message: Uint8Array) => void;

interface Parts {
  readonly message: number;
  readonly parts: Uint8Array[];
}

/** `count` channels over `links`, 1 to 256, by their numbers; the same on every member. Takes the receiver of `links`. */
export function splitLinks(links: Links, count: number): readonly Links[] {
  const channels = Array.from({ length: count }, (_, number) => new Channel(links, number));
  links.receive((from, bytes) => {
    const channel = channels[bytes[0] ?? count];
    if (bytes.length >= HEAD_BYTES) channel?.take(from, bytes);
  });
  return channels;
}

class Channel implements Links {
  readonly messageBytesMax = MESSAGE_BYTES_MAX;
  readonly #links: Links;
  readonly #number: number;
  /** What has come of a message in parts, by sender. */
  readonly #collected = new Map<string, Parts>();
  #sent = 0;
  #onMessage: OnMessage = () => undefined;

  constructor(links: Links, number: number) {
    this.#links = links;
    this.#number = number;
  }

  receive(onMessage: OnMessage): void {
    this.#onMessage = onMessage;
  }

  send(to: string, message: Uint8Array): void {
    invariant(message.length <= MESSAGE_BYTES_MAX, `a message of ${message.length} bytes is larger than a channel takes`);
    if (message.length + HEAD_BYTES > this.#links.messageBytesMax) return this.#sendParts(to, message);
    const bytes = new Uint8Array(HEAD_BYTES + message.length);
    bytes[0] = this.#number;
    bytes[1] = WHOLE;
    bytes.set(message, HEAD_BYTES);
    this.#links.send(to, bytes);
  }

  take(from: string, bytes: Uint8Array): void {
    if (bytes[1] === WHOLE) this.#onMessage(from, bytes.subarray(HEAD_BYTES));
    else if (bytes.length >= PART_HEAD_BYTES) this.#takePart(from, bytes);
  }

  #sendParts(to: string, message: Uint8Array): void {
    const size = this.#links.messageBytesMax - PART_HEAD_BYTES;
    this.#sent = (this.#sent + 1) >>> 0;
    for (let start = 0, index = 0; start < message.length; start += size, index++) {
      const part = message.subarray(start, start + size);
      const bytes = new Uint8Array(PART_HEAD_BYTES + part.length);
      const view = new DataView(bytes.buffer);
      bytes[0] = this.#number;
      bytes[1] = start + size >= message.length ? LAST_PART : PART;
      view.setUint32(2, this.#sent);
      view.setUint16(6, index);
      bytes.set(part, PART_HEAD_BYTES);
      this.#links.send(to, bytes);
    }
  }

  #takePart(from: string, bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const [message, index] = [view.getUint32(2), view.getUint16(6)];
    if (index === 0) this.#collected.set(from, { message, parts: [] });
    const collected = this.#collected.get(from);
    if (collected === undefined) return;
    if (collected.message !== message || collected.parts.length !== index) return void this.#collected.delete(from);
    collected.parts.push(bytes.subarray(PART_HEAD_BYTES));
    if (bytes[1] !== LAST_PART) return;
    this.#collected.delete(from);
    this.#onMessage(from, joined(collected.parts));
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
