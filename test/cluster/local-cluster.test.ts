/** The local cluster itself, small: one NATS server and one node, and the command in front of it. */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nkeyAuthenticator } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clusterFilePath, freePorts, LocalCluster, localServers, readClusterFile, waitFor } from "../../cluster/local/index.ts";
import { generateNats } from "../../cluster/nats/index.ts";
import { HELP, readWords } from "../../scripts/cluster/options.ts";
import { VERBS } from "../../scripts/cluster/verbs.ts";
import { processIdentity } from "../../src/embedded-nats/index.ts";
import { connectNats, type NatsOptions } from "../../src/nats/index.ts";
import { silentLog } from "../support/silent-log.ts";

const SCRIPT = join(import.meta.dirname, "../../scripts/cluster.ts");

let folder: string;
let cluster: LocalCluster | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stockgrid-local-"));
});

afterEach(async () => {
  await cluster?.kill();
  cluster = undefined;
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
});

interface Ran {
  readonly status: number | null;
  readonly text: string;
}

async function npmRunCluster(...words: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [SCRIPT, ...words, "--data", folder]);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, text };
}

async function shardsOf(httpUrl: string): Promise<number> {
  const view = (await (await fetch(`${httpUrl}/v1/cluster`)).json()) as { shards: unknown[] };
  return view.shards.length;
}

/** Asked once: the servers answer at once. */
function letsIn({ url, auth, tls }: NatsOptions): Promise<boolean> {
  const seed = readFileSync(auth?.kind === "creds" ? auth.path : "");
  const authenticator = nkeyAuthenticator(new Uint8Array(Buffer.from(seed.toString().trim())));
  return connect({ servers: url, authenticator, tls: { caFile: tls?.ca ?? "" }, reconnect: false }).then(
    async (connection) => {
      await connection.close();
      return true;
    },
    () => false,
  );
}

function alive(pid: number | undefined): boolean {
  return pid !== undefined && processIdentity(pid) !== undefined;
}

describe("a local cluster", () => {
  it("starts, loses a node and its server, has them again with the same address and data, and stops in order", async () => {
    const endings: string[] = [];
    const onEnd = (name: string, { unexpected }: { unexpected: boolean }): number => endings.push(`${name} ${unexpected}`);
    cluster = await LocalCluster.start({ folder, nats: 1, nodes: 1, onEnd });
    const [node, server] = [cluster.nodes[0], cluster.nats[0]];
    if (node === undefined || server === undefined) throw new Error("the cluster is empty");
    const put = await fetch(`${node.httpUrl}/v1/movements`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id: "m1", type: "count", sku: "A", location: "nowhere", quantity: 1 }),
    });
    expect(put.status).toBe(200);

    await node.kill();
    await server.kill();
    expect([node.running, server.running]).toEqual([false, false]);
    await cluster.startAgain("nats-1");
    await cluster.startAgain("node-1");
    expect((await fetch(`${node.httpUrl}/readyz`)).status).toBe(200);
    expect(readClusterFile(folder)?.nodes).toMatchObject([{ name: "node-1", pid: node.pid, httpUrl: node.httpUrl }]);

    const order: string[] = [];
    await cluster.stop((name) => order.push(name));
    expect(order).toEqual(["node-1", "nats-1"]);
    expect(endings).toEqual(["node-1 false", "nats-1 false", "node-1 false", "nats-1 false"]);
    expect(readClusterFile(folder)?.nodes.map(({ pid }) => pid)).toEqual([0]);
  }, 120_000);

  it("stands still when frozen and goes on when thawed", async () => {
    cluster = await LocalCluster.create({ folder, nats: 1, nodes: 0 });
    await cluster.startNats();
    const [server] = cluster.nats;
    const answers = (): Promise<boolean> =>
      fetch(`${server?.monitorUrl}/healthz`, { signal: AbortSignal.timeout(500) }).then(
        (answer) => answer.ok,
        () => false,
      );
    server?.freeze();
    expect(await answers()).toBe(false);
    server?.thaw();
    expect(await answers()).toBe(true);
  });

  it("starts nodes with what was set, one by one, also in its next life in the same folder", async () => {
    const shape = { folder, nats: 1, nodes: 0, members: 1 };
    cluster = await LocalCluster.create(shape);
    await cluster.startNats();
    cluster.set("STOCKGRID_SHARDS", "7");
    const node = await cluster.addNode();
    expect(await shardsOf(node.httpUrl)).toBe(7);
    await cluster.stop();
    // As if who started it had ended.
    const left = JSON.parse(await readFile(clusterFilePath(folder), "utf8")) as object;
    await writeFile(clusterFilePath(folder), JSON.stringify({ ...left, pid: 2 ** 22 + 1, identity: "gone" }));
    cluster = await LocalCluster.start({ ...shape, nodes: 1 });
    expect(await shardsOf(cluster.nodes[0]?.httpUrl ?? "")).toBe(7);
  }, 240_000);

  it("lets a server read the users anew: keys made before are refused", async () => {
    cluster = await LocalCluster.create({ folder, nats: 1, nodes: 0, secure: true });
    await cluster.startNats();
    const options = cluster.natsOptions("client");
    await (await connectNats({ ...options, name: "test", log: silentLog })).close();
    await copyFile(join(folder, "secure/users/client.nk"), join(folder, "old.nk"));
    await rm(join(folder, "secure/users/client.nk"));
    const out = join(folder, "secure");
    await generateNats({ out, cluster: "local", servers: localServers(out) });
    cluster.reload("nats-1");
    const old = { ...options, auth: { kind: "creds", path: join(folder, "old.nk") } } as const;
    await waitFor("the refusal of the old key", 30_000, async () => ((await letsIn(old)) ? undefined : true));
    expect(await letsIn(options)).toBe(true);
    expect(() => cluster?.reload("node-1")).toThrow("there is no NATS server node-1");
    expect(() => localServers(folder)).toThrow(/is not the folder secure/);
  }, 60_000);

  it("tells of a process that ended unasked", async () => {
    const ended = Promise.withResolvers<string>();
    cluster = await LocalCluster.create({
      folder,
      nats: 1,
      nodes: 0,
      onEnd: (name, { signal }) => ended.resolve(`${name} ${signal}`),
    });
    await cluster.startNats();
    process.kill(cluster.nats[0]?.pid ?? 0, "SIGKILL");
    expect(await ended.promise).toBe("nats-1 SIGKILL");
  });

  it("refuses a folder that is used, of another kind, or not its own", async () => {
    cluster = await LocalCluster.create({ folder, nats: 1, nodes: 0 });
    await cluster.startNats();
    await expect(LocalCluster.create({ folder, nats: 1 })).rejects.toThrow(/started by process/);
    const left = JSON.parse(await readFile(clusterFilePath(folder), "utf8")) as object;
    // As if who started it had been killed.
    await writeFile(clusterFilePath(folder), JSON.stringify({ ...left, pid: 2 ** 22 + 1, identity: "gone" }));
    await expect(LocalCluster.create({ folder, nats: 1 })).rejects.toThrow(`End them with: kill ${cluster.nats[0]?.pid}`);
    await cluster.kill();
    const after = { ...left, pid: 2 ** 22 + 1, identity: "gone", nats: cluster.describe().nats };
    await writeFile(clusterFilePath(folder), JSON.stringify(after));
    await expect(LocalCluster.create({ folder, nats: 3 })).rejects.toThrow(/data of 1 NATS servers, not of 3/);
    await expect(LocalCluster.create({ folder, nats: 1, secure: true })).rejects.toThrow(/without TLS and accounts/);
    const foreign = await mkdtemp(join(folder, "foreign-"));
    await writeFile(join(foreign, "precious"), "");
    await expect(LocalCluster.create({ folder: foreign, fresh: true })).rejects.toThrow(/not empty/);
    expect(await readFile(join(foreign, "precious"), "utf8")).toBe("");
  });
});

describe("ports", () => {
  it("are different, free, and kept where they are free", async () => {
    const first = await freePorts(20);
    expect(new Set(first).size).toBe(20);
    expect(await freePorts(20, first)).toEqual(first);
  });
});

describe("npm run cluster", () => {
  it("teaches", () => {
    for (const word of [...VERBS, "--nodes", "--nats", "--members", "--fresh", "--secure", "Exit status"])
      expect(HELP).toContain(word);
  });

  it.each([
    [["--nats", "0"], "--nats takes a whole number from 1 to 9"],
    [["--nodes", "x"], "--nodes takes a whole number from 0 to 9"],
    [["--nodes", ""], "--nodes takes a whole number from 0 to 9"],
    [["--cluster", "a.b"], "--cluster takes"],
    [["--nots"], "--nots"],
  ] as const)("refuses %j", (words, saying) => {
    expect(readWords(words, {})).toEqual({ wrong: expect.stringContaining(saying) });
  });

  it("finds its folder by --data, else by STOCKGRID_CLUSTER_DIR, else beside it", () => {
    const env = { STOCKGRID_CLUSTER_DIR: "/elsewhere" };
    expect(readWords(["--data", "/here"], env)).toMatchObject({ data: "/here" });
    expect(readWords([], env)).toMatchObject({ data: "/elsewhere" });
    expect(readWords([], { STOCKGRID_CLUSTER_DIR: "" })).toMatchObject({ data: "./data/cluster" });
    expect(readWords(["--nodes", "0"], {})).toMatchObject({ nodes: 0 });
  });

  it.each([
    [["explode"], 2, 'no command "explode"'],
    [["stop"], 2, "stop takes one name"],
    [["set"], 2, "set takes one setting"],
    [["status"], 1, "no cluster runs"],
  ] as const)("answers %j with status %i", async (words, status, saying) => {
    expect(await npmRunCluster(...words)).toEqual({ status, text: expect.stringContaining(saying) });
  });

  it("runs a cluster, takes commands for it, and leaves nothing behind", async () => {
    const child = spawn(process.execPath, [SCRIPT, "--data", folder, "--nats", "1", "--nodes", "1"]);
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const closed = new Promise((resolve) => child.once("close", resolve));
    try {
      await waitFor("the banner", 60_000, async () => (text.includes("The cluster is ready") ? true : undefined));
      expect(await npmRunCluster()).toEqual({ status: 1, text: expect.stringContaining(`started by process ${child.pid}`) });
      expect(await npmRunCluster("restart", "node-1")).toEqual({ status: 0, text: "node-1 is ready again\n" });
      expect(await npmRunCluster("stop", "node-9")).toEqual({ status: 1, text: "npm run cluster: there is no node-9\n" });
      expect((await npmRunCluster("status")).text).toMatch(/nats-1 +nats:\/\/127\.0\.0\.1:\d+ +\d+/);
      const pids = [...(readClusterFile(folder)?.nodes ?? []), ...(readClusterFile(folder)?.nats ?? [])].map(({ pid }) => pid);
      expect(pids.every(alive)).toBe(true);
      child.kill("SIGINT");
      expect(await closed).toBe(0);
      expect(pids.some(alive)).toBe(false);
    } finally {
      child.kill("SIGKILL");
      await closed;
    }
  }, 120_000);
});
