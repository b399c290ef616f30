/** One keep-alive connection with one request under way. A lean client: the load generator shares the machine with the server. */

import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type HttpAnswer, readAnswer } from "./http-answer.ts";

/** Called once a request: with the answer, or with what went wrong with the connection. */
export type AnswerCallback = (answer: HttpAnswer | Error) => void;

export class HttpConnection {
  readonly #socket: Socket;
  #waiting: AnswerCallback | undefined;
  #received: Buffer | undefined;
  #ended = false;

  /** `onIdle` when connected and ready for the first request, `onEnd` once when the connection is gone. */
  constructor(url: URL, onIdle: () => void, onEnd: (error: Error | undefined) => void) {
    this.#socket = openSocket(url);
    this.#socket.setNoDelay(true);
    let failure: Error | undefined;
    this.#socket.once(url.protocol === "https:" ? "secureConnect" : "connect", onIdle);
    this.#socket.on("data", (chunk: Buffer) => this.#read(chunk));
    this.#socket.on("error", (error) => {
      failure = error;
    });
    this.#socket.once("close", () => {
      this.#ended = true;
      this.#answer(failure ?? new Error("the server closed the connection"));
      onEnd(failure);
    });
  }

  /** Whether a request would be lost. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Only when no request is under way. */
  send(request: Buffer, done: AnswerCallback): void {
    this.#waiting = done;
    this.#socket.write(request);
  }

  close(): void {
    this.#ended = true;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const bytes = this.#received === undefined ? chunk : Buffer.concat([this.#received, chunk]);
    this.#received = bytes;
    try {
      const answer = readAnswer(bytes);
      if (answer === undefined) return;
      this.#received = undefined;
      if (answer.closes) this.close();
      this.#answer(answer);
    } catch (error) {
      this.#socket.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #answer(answer: HttpAnswer | Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(answer);
  }
}

function openSocket(url: URL): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (url.protocol === "https:") return connectTls({ host, port: Number(url.port || 443), servername: host });
  return connectPlain({ host, port: Number(url.port || 80) });
}
