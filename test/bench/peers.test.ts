import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closedHttp } from "../../bench/lib/closed-http.ts";
import { MANY_SKUS } from "../../bench/lib/load-shape.ts";
import { NatsTarget } from "../../bench/lib/nats-load.ts";
import { startEcho } from "../../bench/lib/nats-server.ts";
import { fastifyPostgres, fastifyRedis, type HttpPeer, startBareFastify } from "../../bench/lib/peer-servers.ts";
import { cpuMs, treeOf } from "../../bench/lib/process-usage.ts";
import { callGrid, runLoad } from "../../src/loadgen/index.ts";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stockgrid-peers-"));
  await chmod(folder, 0o711);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const HOLD = { sku: "BENCH-7", location: "BENCH", quantity: 1, ttlSeconds: 900 };

/** Holds one unit, then checks that a body with a wrong field is refused as the schema says. */
async function expectHolds(peer: HttpPeer): Promise<void> {
  const client = { url: peer.url, headers: {} };
  const made = await callGrid<{ status: string; lines: unknown[] }>(client, "POST", "/v1/reservations", HOLD);
  expect(made.status).toBe("held");
  expect(made.lines).toHaveLength(1);
  await expect(callGrid(client, "POST", "/v1/reservations", { ...HOLD, quantity: "1" })).rejects.toThrow("400");
}

async function expectGone(peer: HttpPeer): Promise<void> {
  await peer[Symbol.asyncDispose]();
  expect(treeOf(peer.pids)).toEqual([]);
}

describe("peers", () => {
  it("bare Fastify starts, answers as the grid does, and stops", async () => {
    const peer = await startBareFastify();
    await expectHolds(peer);
    await expectGone(peer);
  });

  it("are measured with the CPU time of their processes", async () => {
    await using peer = await startBareFastify();
    const before = cpuMs(peer.pids);
    const result = await closedHttp({ url: peer.url, pids: peer.pids, load: MANY_SKUS, connections: 4, seconds: 1 });
    expect(result.accepted).toBeGreaterThan(50);
    expect(result.others).toBe(0);
    expect(result.cpuUs).toBeGreaterThan(0);
    expect(cpuMs(peer.pids)).toBeGreaterThan(before);
  });

  it("the NATS echo answers a window of requests and stops", async () => {
    const echo = await startEcho(folder);
    const payload = Buffer.from("{}");
    const target = await NatsTarget.open({ ...echo, window: 16, payload: () => payload });
    const result = await runLoad({ target, pace: { kind: "closed", window: 16 }, seconds: 0.3 });
    await target.close();
    expect(result.counts.accepted).toBe(result.offered);
    expect(result.counts.accepted).toBeGreaterThan(50);
    await echo[Symbol.asyncDispose]();
    expect(treeOf(echo.pids)).toEqual([]);
  });

  const redis = fastifyRedis();
  it.runIf(typeof redis === "function")("Fastify + Redis holds and stops with its server", async () => {
    if (typeof redis !== "function") return;
    const peer = await redis(folder);
    await expectHolds(peer);
    await expectGone(peer);
  });

  const postgres = fastifyPostgres();
  it.runIf(typeof postgres === "function")(
    "Fastify + PostgreSQL holds and stops with its server",
    { timeout: 60_000 },
    async () => {
      if (typeof postgres !== "function") return;
      const peer = await postgres(folder);
      await expectHolds(peer);
      await expectGone(peer);
    },
  );
});
