/**
 * Server-sent events: one listener of the event tail over one response.
 *
 * E1. Headers are sent once the subscription is live; what arrives before is kept, and sent after them in order.
 * E2. At most a bounded number of bytes waits for a slow reader; beyond it the stream is closed, and the reader resumes
 *     from its last id.
 * E3. A stream is ended once, whoever ends it, and leaves nothing running.
 */

import type { ServerResponse } from "node:http";
import type { EventTail, TailFilter } from "../../ports/index.ts";

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
} as const;

export class EventStream {
  readonly #response: ServerResponse;
  readonly #bufferBytesMax: number;
  #early: string[] | undefined = [];
  #earlyLength = 0;
  #stop: (() => void) | undefined;
  #ended = false;

  constructor(response: ServerResponse, bufferBytesMax: number) {
    this.#response = response;
    this.#bufferBytesMax = bufferBytesMax;
  }

  /** True once it is live; false when the position is unknown, and then nothing was sent. Rejects when the feed cannot be asked. */
  async open(tail: EventTail, filter: TailFilter, after: string | undefined, requestId: string): Promise<boolean> {
    const stop = await tail.follow(filter, after, {
      onEvent: (position, json) => this.#write(`id: ${position}\ndata: ${json}\n\n`),
      onEnd: () => this.end(),
    });
    if (stop === "unknown-position") return false;
    this.#stop = stop;
    if (this.#ended) stop();
    else this.#begin(requestId);
    return true;
  }

  /** A comment, so that proxies and readers see that the stream lives. */
  beat(): void {
    if (this.#early === undefined) this.#write(": heartbeat\n\n");
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stop?.();
    this.#response.end();
  }

  #begin(requestId: string): void {
    this.#response.writeHead(200, { ...HEADERS, "x-request-id": requestId });
    this.#response.flushHeaders();
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#write(`: live\n\n${early.join("")}`);
  }

  #write(text: string): void {
    if (this.#ended) return;
    if (this.#early !== undefined) this.#keep(this.#early, text);
    else if (!this.#response.write(text) && this.#response.writableLength > this.#bufferBytesMax) this.#drop();
  }

  #keep(early: string[], text: string): void {
    early.push(text);
    this.#earlyLength += text.length;
    if (this.#earlyLength > this.#bufferBytesMax) this.end();
  }

  /** A reader that is this far behind would not read an orderly end either. */
  #drop(): void {
    this.end();
    this.#response.destroy();
  }
}
