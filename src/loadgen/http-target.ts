/**
 * A pool of keep-alive HTTP connections as a target of load: a request takes a free connection, a lost connection is
 * replaced after a pause.
 */

import type { HttpAnswer } from "./http-answer.ts";
import { HttpConnection } from "./http-connection.ts";
import { type Outcome, outcomeOf, type Target } from "./target.ts";

export interface HttpTargetOptions {
  readonly url: URL;
  readonly connections: number;
  /** Bytes of request `index`, head and body. */
  readonly request: (index: number) => Buffer;
  /** Sees every answer before it is counted; the body is valid during the call only. */
  readonly onAnswer?: ((answer: HttpAnswer, index: number) => void) | undefined;
}

const RECONNECT_MS = 100;
/** Fewer than the usual backlog of a listening socket. */
const OPENED_AT_ONCE = 256;

export class HttpTarget implements Target {
  readonly #options: HttpTargetOptions;
  readonly #connections = new Set<HttpConnection>();
  readonly #free: HttpConnection[] = [];
  #onReady: () => void = () => undefined;
  #closed = false;
  /** What went wrong with connections, for the report: message to count. */
  readonly errors = new Map<string, number>();

  private constructor(options: HttpTargetOptions) {
    this.#options = options;
  }

  /** Resolves once every connection is open. Rejects when one cannot be opened. */
  static async open(options: HttpTargetOptions): Promise<HttpTarget> {
    const target = new HttpTarget(options);
    try {
      for (let open = 0; open < options.connections; open += OPENED_AT_ONCE) {
        const length = Math.min(OPENED_AT_ONCE, options.connections - open);
        await Promise.all(Array.from({ length }, () => target.#connectFirst()));
      }
      return target;
    } catch (error) {
      await target.close();
      throw error;
    }
  }

  ready(): boolean {
    return this.#free.length > 0;
  }

  start(index: number, done: (outcome: Outcome) => void): void {
    const connection = this.#free.pop();
    if (connection === undefined) throw new Error("no connection is free; ask ready() first");
    connection.send(this.#options.request(index), (answer) => {
      if (!connection.ended) this.#free.push(connection);
      if (answer instanceof Error) return done("failed");
      this.#options.onAnswer?.(answer, index);
      done(outcomeOf(answer.status, answer.hasRetryAfter));
    });
  }

  onReady(callback: () => void): void {
    this.#onReady = callback;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const connection of this.#connections) connection.close();
  }

  #connectFirst(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#connect(resolve, (error) => reject(error ?? new Error("the server closed the connection")));
    });
  }

  #connect(onOpen: () => void, onFirstEnd: (error: Error | undefined) => void): void {
    const connection = new HttpConnection(
      this.#options.url,
      () => {
        this.#free.push(connection);
        onOpen();
        this.#onReady();
      },
      (error) => {
        onFirstEnd(error);
        this.#lost(connection, error);
      },
    );
    this.#connections.add(connection);
  }

  #lost(connection: HttpConnection, error: Error | undefined): void {
    this.#connections.delete(connection);
    const place = this.#free.indexOf(connection);
    if (place >= 0) this.#free.splice(place, 1);
    if (this.#closed) return;
    const message = error?.message ?? "closed by the server";
    this.errors.set(message, (this.errors.get(message) ?? 0) + 1);
    setTimeout(() => {
      if (!this.#closed) this.#connect(ignore, ignore);
    }, RECONNECT_MS);
  }
}

function ignore(): void {
  // A later connection reports its loss through #lost alone.
}
