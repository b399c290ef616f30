/** The embedded server as processes: it comes, stays, comes back, and goes with its node. Real binaries, real signals. */
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DataFolderBusy, type EmbeddedNats, startEmbeddedNats } from "../../src/embedded-nats/index.ts";
import { processIdentity } from "../../src/embedded-nats/process-identity.ts";
import { cleanup, connected, nodeProcess, silentLog, store, stored, tempFolder, until } from "./helpers.ts";

async function started(dataDir: string, more: { onRestart?: (pid: number) => void } = {}): Promise<EmbeddedNats> {
  const server = await startEmbeddedNats({ dataDir, log: silentLog, ...more });
  cleanup(() => server.stop());
  return server;
}

function isGone(pid: number): boolean {
  return processIdentity(pid) === undefined;
}

describe("the embedded nats-server", () => {
  it("answers on loopback and is gone after stop", async () => {
    const server = await started(tempFolder());
    expect(server.url).toMatch(/^nats:\/\/127\.0\.0\.1:\d+$/);
    const connection = await connected(server.url);
    expect(connection.info?.jetstream).toBe(true);
    await server.stop();
    expect(isGone(server.pid)).toBe(true);
    await server.stop();
  });

  it("syncs every write and takes a message of 8 MiB and none larger", async () => {
    const dataDir = tempFolder();
    const server = await started(dataDir);
    expect(readFileSync(join(dataDir, "nats", "nats-server.conf"), "utf8")).toMatch(/^ {2}sync_interval: always$/m);
    const connection = await connected(server.url);
    const bytes = new Uint8Array(8_388_608);
    expect(connection.info?.max_payload).toBe(bytes.length);
    const echo = connection.subscribe("large", {
      max: 1,
      callback: (_, message) => void message.respond(`${message.data.length}`),
    });
    expect((await connection.request("large", bytes, { timeout: 10_000 })).string()).toBe(String(bytes.length));
    await echo.closed;
  });

  it("keeps its address and its streams over a stop and a start", async () => {
    const dataDir = tempFolder();
    const first = await started(dataDir);
    const sequence = await store(await connected(first.url), "before");
    await first.stop();
    const second = await started(dataDir);
    expect(second.url).toBe(first.url);
    expect(second.adopted).toBe(false);
    expect(await stored(await connected(second.url), sequence)).toBe("before");
  });

  it("comes back at the same address with its streams when it is killed", async () => {
    const restarts: number[] = [];
    const server = await started(tempFolder(), { onRestart: (pid) => restarts.push(pid) });
    const killed = server.pid;
    const sequence = await store(await connected(server.url), "kept");
    process.kill(killed, "SIGKILL");
    await until("the restart", () => restarts.length > 0);
    expect(server.pid).toBe(restarts[0]);
    expect(server.pid).not.toBe(killed);
    expect(await stored(await connected(server.url), sequence)).toBe("kept");
  });

  it("stops while it is being started again", async () => {
    const server = await started(tempFolder());
    const killed = server.pid;
    process.kill(killed, "SIGKILL");
    await until("its death", () => isGone(killed));
    await server.stop();
    expect(isGone(server.pid)).toBe(true);
  });

  it("takes another port when a stranger has the last one", async () => {
    const dataDir = tempFolder();
    const first = await started(dataDir);
    await first.stop();
    const stranger = createServer().listen(Number(new URL(first.url).port), "127.0.0.1");
    await once(stranger, "listening");
    cleanup(() => void stranger.close());
    const second = await started(dataDir);
    expect(second.url).not.toBe(first.url);
    await connected(second.url);
  });

  it("says why when the server does not come up", async () => {
    const failing = startEmbeddedNats({ dataDir: tempFolder(), log: silentLog, binary: "/bin/false" });
    await expect(failing).rejects.toThrow(/nats-server \(\/bin\/false\) does not answer/);
  });
});

describe("a node and its nats-server", () => {
  it("leaves a server that the next start takes on when the node is killed", async () => {
    const dataDir = tempFolder();
    const node = await nodeProcess(dataDir);
    const sequence = await store(await connected(node.url), "before the kill");
    node.child.kill("SIGKILL");
    await once(node.child, "exit");
    const next = await started(dataDir);
    expect(next).toMatchObject({ adopted: true, url: node.url, pid: node.natsPid });
    expect(await stored(await connected(next.url), sequence)).toBe("before the kill");
    await next.stop();
    expect(isGone(node.natsPid)).toBe(true);
  });

  it("starts an adopted server again when that is killed too", async () => {
    const dataDir = tempFolder();
    const node = await nodeProcess(dataDir);
    node.child.kill("SIGKILL");
    await once(node.child, "exit");
    const restarts: number[] = [];
    const next = await started(dataDir, { onRestart: (pid) => restarts.push(pid) });
    process.kill(node.natsPid, "SIGKILL");
    await until("the restart", () => restarts.length > 0);
    expect(next.url).toBe(node.url);
    await connected(next.url);
  });

  it.each([
    ["sync_interval: always", "sync_interval: 2m"],
    ["max_payload: 8388608", "max_payload: 9437184"],
  ])("replaces a server that was left with other settings than %s", async (ours, theirs) => {
    const dataDir = tempFolder();
    const node = await nodeProcess(dataDir);
    node.child.kill("SIGKILL");
    await once(node.child, "exit");
    const config = join(dataDir, "nats", "nats-server.conf");
    writeFileSync(config, readFileSync(config, "utf8").replace(ours, theirs));
    const next = await started(dataDir);
    expect(next.adopted).toBe(false);
    expect(isGone(node.natsPid)).toBe(true);
    expect(readFileSync(config, "utf8")).toContain(ours);
  });

  it("replaces a server that was left and does not answer", async () => {
    const dataDir = tempFolder();
    const node = await nodeProcess(dataDir);
    node.child.kill("SIGKILL");
    await once(node.child, "exit");
    process.kill(node.natsPid, "SIGSTOP");
    const next = await started(dataDir);
    expect(next.adopted).toBe(false);
    expect(isGone(node.natsPid)).toBe(true);
  }, 60_000);

  it("ends its server when it ends without saying so", async () => {
    const node = await nodeProcess(tempFolder());
    node.child.kill("SIGTERM");
    await until("the server's end", () => isGone(node.natsPid));
  });

  it("refuses a data folder that another node uses", async () => {
    const dataDir = tempFolder();
    const node = await nodeProcess(dataDir);
    await expect(started(dataDir)).rejects.toThrow(DataFolderBusy);
    await expect(started(dataDir)).rejects.toThrow(`in use by process ${node.child.pid}`);
    expect(isGone(node.natsPid)).toBe(false);
    node.child.kill("SIGTERM");
    await until("the server's end", () => isGone(node.natsPid));
  });
});
