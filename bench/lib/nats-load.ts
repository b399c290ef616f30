/** NATS as a target of load: request and reply on one connection with a window, without a promise for each message. */

import { connect, type Msg, type NatsConnection } from "@nats-io/transport-node";
import { type Outcome, outcomeOf, type Target } from "../../src/loadgen/index.ts";

export interface NatsTargetOptions {
  readonly url: string;
  readonly subject: string;
  /** Requests that may be under way at once. */
  readonly window: number;
  readonly payload: (index: number) => Uint8Array;
  /** Says how a reply that carries no service error ended; default: accepted. */
  readonly judge?: ((reply: Msg) => Outcome) | undefined;
}

type Done = (outcome: Outcome) => void;

export class NatsTarget implements Target {
  readonly #options: NatsTargetOptions;
  readonly #connection: NatsConnection;
  readonly #inbox: string;
  readonly #waiting: (Done | undefined)[];
  readonly #free: number[];

  private constructor(options: NatsTargetOptions, connection: NatsConnection) {
    this.#options = options;
    this.#connection = connection;
    this.#inbox = `_INBOX.bench${process.pid}${Math.trunc(performance.now() * 1000)}.`;
    this.#waiting = new Array<Done | undefined>(options.window);
    this.#free = Array.from({ length: options.window }, (_, slot) => slot);
    connection.subscribe(`${this.#inbox}*`, { callback: (error, message) => this.#reply(error, message) });
  }

  static async open(options: NatsTargetOptions): Promise<NatsTarget> {
    const connection = await connect({ servers: options.url });
    const target = new NatsTarget(options, connection);
    await connection.flush();
    return target;
  }

  ready(): boolean {
    return this.#free.length > 0;
  }

  start(index: number, done: Done): void {
    const slot = this.#free.pop();
    if (slot === undefined) throw new Error("the window is full; ask ready() first");
    this.#waiting[slot] = done;
    this.#connection.publish(this.#options.subject, this.#options.payload(index), { reply: this.#inbox + slot });
  }

  onReady(): void {
    // A slot becomes free with an answer only.
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #reply(error: Error | null, message: Msg): void {
    if (error) throw error;
    const slot = Number(message.subject.slice(this.#inbox.length));
    const done = this.#waiting[slot];
    this.#waiting[slot] = undefined;
    this.#free.push(slot);
    done?.(this.#outcomeOf(message));
  }

  #outcomeOf(message: Msg): Outcome {
    const code = message.headers?.get("Nats-Service-Error-Code");
    // Without a responder NATS itself answers, with a status in place of the service's error.
    if (message.headers?.code === 503) return "failed";
    if (code !== undefined && code !== "") return outcomeOf(Number(code), message.headers?.has("Retry-After") === true);
    return this.#options.judge?.(message) ?? "accepted";
  }
}
