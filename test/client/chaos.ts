/** Servers between a client and a real member that do to each request what a plan says, then behave. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type Msg, type NatsConnection, headers as natsHeaders } from "@nats-io/nats-core";

/** What can happen to one request. `after` is after the grid has done it. */
export const FAULTS = [
  "none",
  "lost-before",
  "lost-after",
  "busy-before",
  "unknown-after",
  "doubled",
  "silent-before",
  "silent-after",
  "late",
  "cut-off",
  "gateway",
] as const;

export type Fault = (typeof FAULTS)[number];

/** Long enough to be later than the client's patience with one attempt. */
export const LATE_MS = 150;

export interface Seen {
  readonly path: string;
  readonly key: string | undefined;
  readonly body: string;
  readonly atMs: number;
}

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Record<string, string>;
}

export const problemReply = (slug: string, status: number, retryAfter?: string): Reply => ({
  status,
  body: JSON.stringify({ type: `urn:stockgrid:problem:${slug}`, title: slug, status, detail: "as planned" }),
  headers: { "content-type": "application/problem+json", ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }) },
});

/** Answers with what `forward` gives, faults aside. */
export class ChaosHttp {
  readonly plan: (Fault | Reply)[] = [];
  readonly seen: Seen[] = [];
  readonly #server: Server;
  readonly #forward: (request: IncomingMessage, body: string) => Promise<Reply>;
  #late: Promise<unknown>[] = [];

  constructor(forward: (request: IncomingMessage, body: string) => Promise<Reply>) {
    this.#forward = forward;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when what was sent on late is done. */
  async settled(): Promise<void> {
    await Promise.all(this.#late.splice(0));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const key = request.headers["idempotency-key"];
    this.seen.push({ path: request.url ?? "", key: typeof key === "string" ? key : undefined, body, atMs: performance.now() });
    const fault = this.plan.shift() ?? "none";
    if (typeof fault !== "string") return send(response, fault);
    const reply = doneBefore(fault) ? await this.#forward(request, body) : undefined;
    switch (fault) {
      case "none":
        return send(response, reply as Reply);
      case "doubled":
        return send(response, await this.#forward(request, body));
      case "lost-before":
      case "lost-after":
        return void request.socket.destroy();
      case "busy-before":
        return send(response, problemReply("not-ready", 503, "0"));
      case "unknown-after":
        return send(response, problemReply("outcome-unknown", 503, "0"));
      case "gateway":
        return send(response, { status: 502, body: "<html>bad gateway</html>" });
      case "cut-off":
        response.writeHead(201, { "content-type": "application/json", "content-length": "5000" });
        return void response.write((reply as Reply).body, () => request.socket.destroy());
      case "late":
        this.#later(() => this.#forward(request, body));
        return;
      default:
        return;
    }
  }

  #later(act: () => Promise<unknown>): void {
    this.#late.push(new Promise((resolve) => setTimeout(resolve, LATE_MS)).then(act));
  }
}

/** Answers on NATS in the place of members: requests come on one connection and go on over another. */
export class ChaosNats {
  readonly plan: Fault[] = [];
  readonly #back: NatsConnection;
  #late: Promise<unknown>[] = [];

  constructor(front: NatsConnection, back: NatsConnection, subjects: string) {
    this.#back = back;
    front.subscribe(subjects, { callback: (_error, message) => void this.#serve(message) });
  }

  async settled(): Promise<void> {
    await Promise.all(this.#late.splice(0));
  }

  async #serve(message: Msg): Promise<void> {
    const fault = this.plan.shift() ?? "none";
    const reply = doneBefore(fault) ? await this.#forward(message) : undefined;
    if (fault === "none") answer(message, reply as Msg);
    else if (fault === "doubled") answer(message, await this.#forward(message));
    else if (fault === "busy-before" || fault === "gateway") refuse(message, "not-ready");
    else if (fault === "unknown-after") refuse(message, "outcome-unknown");
    else if (fault === "cut-off") message.respond("{");
    else if (fault === "late")
      this.#late.push(new Promise((done) => setTimeout(done, LATE_MS)).then(() => this.#forward(message)));
  }

  #forward({ subject, data, headers }: Msg): Promise<Msg> {
    return this.#back.request(subject, data, { timeout: 5_000, ...(headers === undefined ? {} : { headers }) });
  }
}

function answer(message: Msg, { data, headers }: Msg): void {
  message.respond(data, headers === undefined ? {} : { headers });
}

function refuse(message: Msg, slug: string): void {
  const headers = natsHeaders();
  headers.set("Nats-Service-Error-Code", "503");
  message.respond(problemReply(slug, 503).body, { headers });
}

function doneBefore(fault: Fault): boolean {
  return ["none", "lost-after", "unknown-after", "doubled", "silent-after", "cut-off"].includes(fault);
}

function send(response: ServerResponse, { status, body, headers = {} }: Reply): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
}
