/** A grid that only knows movement ids and locations: enough to see what the importer sends, and to misbehave on purpose. */

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Movement {
  readonly id: string;
  readonly type: string;
  readonly sku: string;
  readonly location: string;
  readonly quantity: number;
}

/** Answers instead of the grid when it returns one. */
export type Trouble = (request: number, items: readonly Movement[]) => Refusal | "cut" | undefined;

export interface Refusal {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

export class FakeGrid {
  readonly movements = new Map<string, Movement>();
  readonly locations = new Map<string, unknown>();
  readonly authorizations = new Set<string | undefined>();
  /** Answers of the moment a request came, by movement request number from 0. */
  trouble: Trouble = () => undefined;
  requests = 0;
  inFlightMost = 0;
  #inFlight = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeGrid> {
    const server = createServer();
    const grid = new FakeGrid(server);
    server.on("request", (request, response) => {
      void grid.#answer(request).then((answer) => {
        if (answer === "cut") request.socket.destroy();
        else
          response
            .writeHead(answer.status, { "content-type": "application/json", ...answer.headers })
            .end(JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return grid;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<Refusal | "cut"> {
    this.authorizations.add(request.headers.authorization);
    this.inFlightMost = Math.max(this.inFlightMost, ++this.#inFlight);
    const body: unknown = JSON.parse(await textOf(request));
    this.#inFlight--;
    const place = /^\/v1\/locations\/(.+)$/.exec(request.url ?? "")?.[1];
    if (place !== undefined) {
      this.locations.set(decodeURIComponent(place), body);
      return { status: 201, body };
    }
    const items = body as Movement[];
    const trouble = this.trouble(this.requests++, items);
    return trouble ?? { status: 200, body: { results: items.map((item) => this.#apply(item)) } };
  }

  #apply(item: Movement): object {
    if (item.location === "nowhere") {
      return { id: item.id, status: "rejected", problem: { title: "Not found", status: 404, detail: "no location nowhere" } };
    }
    if (this.movements.has(item.id)) return { id: item.id, status: "duplicate", version: 1 };
    this.movements.set(item.id, item);
    return { id: item.id, status: "applied", version: 1 };
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
