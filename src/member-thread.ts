/** One member thread as the node's main thread sees it: started, spoken to, stopped. */

import { type MessagePort, Worker } from "node:worker_threads";
import type { FromMemberThread, MemberThreadData, ToMemberThread } from "./node-messages.ts";
import type { Log } from "./ports/index.ts";

export interface MemberThreadEvents {
  /** It cannot go on. Called once, never after `stop`. */
  failed(error: Error): void;
  leads(leads: boolean): void;
  /** A scrape of one member asks for the metrics of all. */
  collectMetrics(): Promise<string>;
  /** An operator wants another number of members. Rejects with why not. */
  resize(members: number): Promise<void>;
}

export class MemberThread {
  readonly lane: string;
  readonly number: number;
  readonly #worker: Worker;
  readonly #log: Log;
  readonly #events: MemberThreadEvents;
  readonly #listening = Promise.withResolvers<{ readonly httpUrl: string; readonly httpPort: number }>();
  readonly #serving = Promise.withResolvers<void>();
  readonly #exited: Promise<void>;
  readonly #left = Promise.withResolvers<number>();
  readonly #metrics = new Map<number, (text: string) => void>();
  #asked = 0;
  #isStopping = false;
  #hasEnded = false;

  constructor(data: MemberThreadData, log: Log, events: MemberThreadEvents) {
    this.lane = data.lane;
    this.number = data.number;
    this.#log = log;
    this.#events = events;
    this.#worker = new Worker(new URL("./member-main.ts", import.meta.url), {
      workerData: data,
      name: `member ${data.number}`,
    });
    this.#worker.on("message", (message: FromMemberThread) => this.#receive(message));
    this.#worker.on("error", (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#exited = new Promise((resolve) => this.#worker.once("exit", () => resolve()));
    void this.#exited.then(() => this.#end());
    // Whoever waits hears of it; nobody may be waiting.
    for (const { promise } of [this.#listening, this.#serving, this.#left]) promise.catch(() => undefined);
  }

  /** Rejects when the thread ends before. */
  get listening(): Promise<{ readonly httpUrl: string; readonly httpPort: number }> {
    return this.#listening.promise;
  }

  /** Resolves once every shard that is its own is served. Rejects when the thread ends before. */
  get serving(): Promise<void> {
    return this.#serving.promise;
  }

  send(message: ToMemberThread, transfer: readonly MessagePort[] = []): void {
    if (!this.#hasEnded) this.#worker.postMessage(message, [...transfer]);
  }

  /** Metrics as text; empty when the thread has ended. */
  metrics(): Promise<string> {
    if (this.#hasEnded) return Promise.resolve("");
    const id = ++this.#asked;
    return new Promise((resolve) => {
      this.#metrics.set(id, resolve);
      this.send({ kind: "collect-metrics", id });
    });
  }

  /** Gives its shards to others, if there are any. Resolves to the number it could not give away. */
  leave(deadlineMs: number): Promise<number> {
    this.send({ kind: "leave", deadlineMs });
    return this.#left.promise;
  }

  /** Resolves when the thread has ended, by force if it takes longer than `msMax`. */
  async stop(msMax: number): Promise<void> {
    this.#isStopping = true;
    this.send({ kind: "stop" });
    const tooLong = setTimeout(() => void this.#worker.terminate(), msMax);
    await this.#exited;
    clearTimeout(tooLong);
  }

  #receive(message: FromMemberThread): void {
    switch (message.kind) {
      case "listening":
        return this.#listening.resolve(message);
      case "serving":
        return this.#serving.resolve();
      case "failed":
        return this.#fail(Object.assign(new Error(message.message), { name: message.name }));
      case "left":
        return this.#left.resolve(message.shards);
      case "log":
        return this.#log[message.level]({ member: this.number, ...message.fields }, message.message);
      case "metrics":
        this.#metrics.get(message.id)?.(message.text);
        this.#metrics.delete(message.id);
        return;
      case "leads":
        return this.#events.leads(message.leads);
      case "ask-metrics":
        void this.#events.collectMetrics().then((text) => this.send({ kind: "metrics-of-node", id: message.id, text }));
        return;
      case "resize":
        this.#events.resize(message.members).then(
          () => this.send({ kind: "resized", id: message.id, problem: undefined }),
          (error: Error) => this.send({ kind: "resized", id: message.id, problem: error.message }),
        );
    }
  }

  #fail(error: Error): void {
    this.#listening.reject(error);
    this.#serving.reject(error);
    if (!this.#isStopping) this.#events.failed(error);
    this.#isStopping = true;
  }

  #end(): void {
    this.#hasEnded = true;
    for (const resolve of this.#metrics.values()) resolve("");
    this.#metrics.clear();
    this.#left.resolve(0);
    this.#fail(new Error(`member ${this.number} ended`));
  }
}
