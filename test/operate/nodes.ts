/** Real nodes of one cluster on a NATS server of their own, and what tests ask of them. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, type Running, runStockgrid, startStockgrid } from "../cli/run-stockgrid.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";

export interface NodeOptions {
  readonly shards: number;
  readonly members?: number;
}

export interface TestNode {
  readonly id: string;
  readonly url: string;
  readonly dataDir: string;
  readonly running: Running;
}

export type Json = Readonly<Record<string, unknown>>;

/** A NATS server, a folder, and the nodes that were started in it. */
export class TestGrid {
  readonly folder = mkdtempSync(join(tmpdir(), "stockgrid-operate-"));
  readonly nats: TestNats;
  readonly #nodes = new Set<TestNode>();

  private constructor(nats: TestNats) {
    this.nats = nats;
  }

  static async start(): Promise<TestGrid> {
    return new TestGrid(await startTestNats());
  }

  /** Serving. The same id is the same data folder. */
  async node(id: string, { shards, members = 1 }: NodeOptions): Promise<TestNode> {
    const dataDir = join(this.folder, id);
    const names = ["--node-id", id, "--data-dir", dataDir, "--nats-url", this.nats.url, "--http-port", "0"];
    const sizes = ["--shards", String(shards), "--members", String(members), "--checkpoint-seconds", "1"];
    const running = startStockgrid(["serve", ...names, ...sizes, "--log-level", "warn"], { cwd: this.folder });
    await running.printed(/access .*\n/);
    const { httpUrl } = JSON.parse(readFileSync(join(dataDir, "node.json"), "utf8")) as { httpUrl: string };
    const node = { id, url: httpUrl, dataDir, running };
    this.#nodes.add(node);
    return node;
  }

  async stop(node: TestNode): Promise<Ended> {
    this.#nodes.delete(node);
    node.running.child.kill("SIGTERM");
    return node.running.ended;
  }

  /** A client command against a node. */
  run(words: readonly string[], node?: TestNode, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const where = node === undefined ? [] : ["--url", node.url];
    return runStockgrid([...words, ...where], { cwd: this.folder, env });
  }

  /** A command that talks to NATS. */
  runOnNats(words: readonly string[]): Promise<Ended> {
    return this.startOnNats(words).ended;
  }

  startOnNats(words: readonly string[]): Running {
    return startStockgrid([...words, "--nats-url", this.nats.url], { cwd: this.folder });
  }

  async end(): Promise<void> {
    for (const node of [...this.#nodes]) {
      this.#nodes.delete(node);
      node.running.child.kill("SIGKILL");
      await node.running.ended;
    }
    await this.nats.stop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

export interface Answer {
  readonly status: number;
  readonly body: Json;
}

export async function ask(url: string, method: string, path: string, body?: unknown, key?: string): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(key === undefined ? {} : { "idempotency-key": key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : (JSON.parse(text) as Json) };
}

const TRIES_MAX = 60;
const AGAIN_MS = 100;

/** As a client should: again with the same key while the answer may change, or none comes. */
export async function patiently(url: string, method: string, path: string, body?: unknown, key?: string): Promise<Answer> {
  let failure: unknown;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    try {
      const answer = await ask(url, method, path, body, key);
      if (answer.status !== 503 && answer.status !== 429) return answer;
      failure = new Error(JSON.stringify(answer.body));
    } catch (error) {
      failure = error;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
  throw failure;
}
