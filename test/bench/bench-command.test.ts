import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { runBenchCommand } from "../../src/cli/bench.ts";

/** Just enough of a grid: it remembers what it was asked and what is held. */
interface StandIn {
  readonly url: string;
  readonly held: Set<string>;
  readonly movements: { type: string; sku: string; quantity: number }[];
  readonly keys: Set<string | undefined>;
  status: number;
}

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString());
}

async function standIn(): Promise<StandIn> {
  const grid: StandIn = { url: "", held: new Set(), movements: [], keys: new Set(), status: 201 };
  let made = 0;
  const answer = (path: string, body: unknown): readonly [number, unknown] => {
    if (path === "/v1/movements") {
      const movements = body as (StandIn["movements"][number] & { id: string })[];
      grid.movements.push(...movements);
      return [200, { results: movements.map(({ id }) => ({ id, status: "applied" })) }];
    }
    if (path === "/v1/reservations") {
      const id = `r${made++}`;
      if (grid.status === 201) grid.held.add(id);
      return [grid.status, { id, status: "held" }];
    }
    const released = /^\/v1\/reservations\/(r\d+)\/release$/.exec(path)?.[1];
    if (released !== undefined) return [grid.held.delete(released) ? 200 : 404, { id: released, status: "released" }];
    return [path.startsWith("/v1/locations/") ? 201 : 404, {}];
  };
  const server = createServer(async (request, response) => {
    grid.keys.add(request.headers.authorization);
    const [status, body] = answer(request.url ?? "", await bodyOf(request));
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  return Object.assign(grid, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function consoleOf(): { out: (text: string) => void; error: (text: string) => void; written: { out: string; error: string } } {
  const written = { out: "", error: "" };
  return {
    written,
    out: (text) => {
      written.out += text;
    },
    error: (text) => {
      written.error += text;
    },
  };
}

const SHORT = ["--duration", "1", "--connections", "4", "--skus", "3", "--sku-prefix", "T-", "--location", "L"];

describe("stockgrid bench", () => {
  it("brings its own stock, reports, and gives everything back", async () => {
    const grid = await standIn();
    const io = consoleOf();
    const status = await runBenchCommand(["--url", grid.url, "--rate", "100", "--api-key", "secret", "--json", ...SHORT], io);
    expect(status).toBe(0);
    const { options, result } = JSON.parse(io.written.out);
    expect(result.counts).toEqual({ accepted: 100, refused: 0, rejected: 0, failed: 0 });
    expect(options).toMatchObject({ rate: 100, skus: 3 });
    expect(JSON.stringify(options)).not.toContain("secret");
    expect(grid.held.size).toBe(0);
    expect(grid.movements.map(({ type, sku }) => `${type} ${sku}`)).toEqual([
      ...["T-0", "T-1", "T-2"].map((sku) => `receipt ${sku}`),
      ...["T-0", "T-1", "T-2"].map((sku) => `count ${sku}`),
    ]);
    expect([...grid.keys]).toEqual(["Bearer secret"]);
  });

  it("says in text what happened, and fails when requests failed", async () => {
    const grid = await standIn();
    grid.status = 500;
    const io = consoleOf();
    expect(await runBenchCommand(["--url", grid.url, "--rate", "50", ...SHORT], io)).toBe(1);
    expect(io.written.out).toMatch(/^offered\s+50 in 1\.0 s$/m);
    expect(io.written.out).toMatch(/^failed\s+50$/m);
  });

  it("ends with a report on Ctrl-C", async () => {
    const grid = await standIn();
    const io = consoleOf();
    const running = runBenchCommand(["--url", grid.url, "--duration", "600", "--skus", "3", "--connections", "2"], io);
    await expect.poll(() => grid.held.size).toBeGreaterThan(0);
    process.emit("SIGINT");
    expect(await running).toBe(0);
    expect(io.written.out).toContain("accepted");
    expect(grid.held.size).toBe(0);
  });

  it("says why a grid cannot be reached", async () => {
    const io = consoleOf();
    expect(await runBenchCommand(["--url", "http://127.0.0.1:1"], io)).toBe(1);
    expect(io.written.error).toMatch(/stockgrid bench: .*/);
    expect(io.written.error).toContain("127.0.0.1:1");
  });
});
