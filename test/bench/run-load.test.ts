import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { HttpTarget, runLoad } from "../../src/loadgen/index.ts";

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

async function serve(listener: RequestListener): Promise<{ url: URL; server: Server }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push({ close: () => server.close() });
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), server };
}

async function targetOf(url: URL, connections: number): Promise<HttpTarget> {
  const request = Buffer.from(`POST / HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: 2\r\n\r\n{}`);
  const target = await HttpTarget.open({ url, connections, request: () => request });
  open.push(target);
  return target;
}

/** Answers at once, except that everything that arrives in the window is answered at its end. */
function stalling(fromMs: number, toMs: number): RequestListener {
  let startedAt: number | undefined;
  return (_request, response) => {
    startedAt ??= performance.now();
    const elapsed = performance.now() - startedAt;
    const delay = elapsed >= fromMs && elapsed < toMs ? toMs - elapsed : 0;
    setTimeout(() => response.writeHead(201).end(), delay);
  };
}

describe("a closed loop", () => {
  it("keeps the window full and counts every answer", async () => {
    let underWay = 0;
    let most = 0;
    const { url } = await serve((_request, response) => {
      most = Math.max(most, ++underWay);
      setImmediate(() => {
        underWay--;
        response.writeHead(201).end("{}");
      });
    });
    const result = await runLoad({ target: await targetOf(url, 8), pace: { kind: "closed", window: 8 }, seconds: 0.3 });
    expect(result.counts.accepted).toBe(result.offered);
    expect(result.counts.accepted).toBeGreaterThan(50);
    expect(most).toBeLessThanOrEqual(8);
    expect(result.unanswered).toBe(0);
  });

  it("ends early with a result when it is interrupted", async () => {
    const { url } = await serve((_request, response) => response.writeHead(201).end());
    const interrupt = new AbortController();
    const target = await targetOf(url, 2);
    const run = runLoad({ target, pace: { kind: "closed", window: 2 }, seconds: 60, signal: interrupt.signal });
    interrupt.abort();
    const result = await run;
    expect(result.seconds).toBeLessThan(10);
    expect(result.counts.accepted).toBe(result.offered);
  });
});

describe("an open loop", () => {
  it("charges a stall to every request that was due in it, sent or not", async () => {
    const { url } = await serve(stalling(300, 800));
    const result = await runLoad({
      target: await targetOf(url, 1),
      pace: { kind: "open", schedule: { perSecond: 100, rampSeconds: 0 }, patienceMs: 60_000 },
      seconds: 1.2,
    });
    expect(result.offered).toBe(120);
    expect(result.counts.accepted).toBe(120);
    // A stall of 500 ms is met by the 50 requests due in it: with one connection only one of them was on the wire.
    expect(result.accepted.maxMs).toBeGreaterThan(400);
    expect(result.accepted.p90Ms).toBeGreaterThan(250);
    expect(result.startLag.maxMs).toBeGreaterThan(400);
  });

  it("offers what the schedule says although the server answers nothing", async () => {
    const { url } = await serve(() => undefined);
    const target = await targetOf(url, 4);
    const run = runLoad({
      target,
      pace: { kind: "open", schedule: { perSecond: 1000, rampSeconds: 0 }, patienceMs: 50 },
      seconds: 0.3,
    });
    setTimeout(() => void target.close(), 400);
    const result = await run;
    expect(result.offered).toBe(300);
    expect(result.unsent).toBe(296);
    expect(result.counts.failed + result.unanswered).toBe(4);
  });

  it("sends what came due while the generator itself was kept from running", async () => {
    const { url } = await serve((_request, response) => response.writeHead(201).end());
    const target = await targetOf(url, 64);
    const run = runLoad({
      target,
      pace: { kind: "open", schedule: { perSecond: 100, rampSeconds: 0 }, patienceMs: 1000 },
      seconds: 0.3,
    });
    const until = performance.now() + 400;
    while (performance.now() < until);
    const result = await run;
    expect(result.unsent).toBe(0);
    expect(result.counts.accepted).toBe(30);
    expect(result.startLag.maxMs).toBeGreaterThan(300);
  });

  it("tells refusals from failures", async () => {
    let count = 0;
    const { url } = await serve((_request, response) => {
      if (count++ % 2 === 0) response.writeHead(429, { "retry-after": "1" }).end();
      else response.writeHead(503).end();
    });
    const result = await runLoad({
      target: await targetOf(url, 4),
      pace: { kind: "open", schedule: { perSecond: 200, rampSeconds: 0 }, patienceMs: 1000 },
      seconds: 0.2,
    });
    expect(result.counts).toEqual({ accepted: 0, refused: 20, rejected: 0, failed: 20 });
  });

  it("replaces connections that the server closes", async () => {
    let count = 0;
    const { url } = await serve((_request, response) => {
      response.writeHead(201, ++count === 5 ? { connection: "close" } : {}).end();
    });
    const result = await runLoad({
      target: await targetOf(url, 1),
      pace: { kind: "open", schedule: { perSecond: 50, rampSeconds: 0 }, patienceMs: 10_000 },
      seconds: 0.5,
    });
    expect(result.counts.accepted).toBe(25);
  });
});
