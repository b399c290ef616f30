/** A real member in memory with one location, and its answers. */

import type { IncomingMessage } from "node:http";
import type { LocationId } from "../../src/base/index.ts";
import type { Member } from "../../src/member/index.ts";
import { memberInMemory, serverOf, type TestServer } from "../api/http-fixture.ts";

export interface TestGrid {
  readonly member: Member;
  readonly server: TestServer;
  /** Puts a request to the member's HTTP server, without a socket. */
  forward(request: IncomingMessage, body: string): Promise<{ readonly status: number; readonly body: string }>;
  /** What the books say of a SKU at `dc`. */
  levels(sku: string): Promise<{ readonly held: number; readonly available: number; readonly version: number }>;
  receive(sku: string, quantity: number): Promise<void>;
  close(): Promise<void>;
}

export async function startGrid(): Promise<TestGrid> {
  const member = await memberInMemory();
  await new Promise<void>((resolve) =>
    member.locations.put({ id: "dc" as LocationId, type: "dc", name: "The warehouse" }, () => resolve()),
  );
  const server = serverOf(member);
  let receipts = 0;
  return {
    member,
    server,
    forward: async ({ method, url = "", headers }, payload) => {
      const { "content-length": _length, "transfer-encoding": _coding, ...kept } = headers;
      const sent = method === "GET" ? {} : { payload };
      const response = await server.inject({ method: method as "GET", url, headers: kept, ...sent });
      return { status: response.statusCode, body: response.body };
    },
    levels: async (sku) => (await server.inject(`/v1/stock/${sku}/dc`)).json(),
    receive: async (sku, quantity) => {
      receipts++;
      const payload = { id: `r-${receipts}`, type: "receipt", sku, location: "dc", quantity };
      await server.inject({ method: "POST", url: "/v1/movements", payload });
    },
    close: async () => {
      await server.close();
      await member.stop();
    },
  };
}
