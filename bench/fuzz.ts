/** A hundred thousand wrong requests over HTTP and NATS: none changes stock, none is answered with an undocumented 5xx, none stops the node. */

import { connect as connectSocket } from "node:net";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { callGrid, HttpTarget, type ReservationLoad, runLoad, skuOf } from "../src/loadgen/index.ts";
import type { Random } from "../src/ports/index.ts";
import { httpRequest, natsRequest } from "./lib/fuzz-requests.ts";
import { type RunningGrid, startLoadedGrid } from "./lib/grid-process.ts";
import { MANY_SKUS } from "./lib/load-shape.ts";
import { randomBytes, seededRandom } from "./lib/mutate.ts";
import { type BenchRun, runWhenMain, type Section, type Verdict } from "./lib/section.ts";
import { tempFolder } from "./lib/temp-folder.ts";

export interface FuzzResult {
  readonly seed: number;
  readonly tried: number;
  /** Answers by transport and status, such as `http 400`. */
  readonly statuses: Readonly<Record<string, number>>;
  /** What must be empty: 5xx other than a documented 503, requests without an answer. */
  readonly violations: readonly string[];
  readonly stockChanged: boolean;
  readonly stillServing: boolean;
}

type Statuses = Record<string, number>;

const CONNECTIONS = 32;
const WINDOW = 64;
const NATS_ANSWER_MS_MAX = 10_000;
const SOCKET_MS_MAX = 5000;
const SECONDS_MAX = 600;
const GARBAGE_BYTES_MAX = 500;
const VIOLATIONS_KEPT = 20;
/** Stock that is watched: real SKUs of the shared load, and the one that the wrong requests name. */
const WATCHED: ReservationLoad = { ...MANY_SKUS, skus: 50 };
const NAMED_SKU = "FUZZ-SKU";

export const section: Section<FuzzResult> = { name: "fuzz", title: "Mutated and random requests", run, verdicts };

async function run({ quick, log }: BenchRun): Promise<FuzzResult> {
  await using folder = await tempFolder("bench-fuzz");
  await using grid = await startLoadedGrid(folder.path);
  const seed = Date.now() % 2 ** 31;
  const random = seededRandom(seed);
  const tried = quick ? { http: 4000, nats: 3000, garbage: 200 } : { http: 60_000, nats: 40_000, garbage: 2000 };
  const statuses: Statuses = {};
  const before = await stockSeen(grid);
  const violations = [
    ...(await fuzzHttp(grid, random, tried.http, statuses)),
    ...(await fuzzSockets(grid, random, tried.garbage, statuses)),
    ...(await fuzzNats(grid, random, tried.nats, statuses)),
  ];
  const stillServing = (await fetch(new URL("/readyz", grid.client.url)).catch(() => undefined))?.status === 200;
  const stockChanged = !stillServing || (await stockSeen(grid)) !== before;
  log(`   ${JSON.stringify(statuses)}`);
  const sum = tried.http + tried.nats + tried.garbage;
  return { seed, tried: sum, statuses, violations: violations.slice(0, VIOLATIONS_KEPT), stockChanged, stillServing };
}

/** Levels and versions of all that is watched, as one text. */
async function stockSeen(grid: RunningGrid): Promise<string> {
  const skus = [...Array.from({ length: WATCHED.skus }, (_, index) => skuOf(WATCHED, index)), NAMED_SKU];
  const stock = await Promise.all(skus.map((sku) => callGrid(grid.client, "GET", `/v1/stock/${sku}`)));
  return JSON.stringify(stock);
}

async function fuzzHttp(grid: RunningGrid, random: Random, count: number, statuses: Statuses): Promise<string[]> {
  const { url } = grid.client;
  const violations: string[] = [];
  const sent = new Map<number, Buffer>();
  const enough = new AbortController();
  const target = await HttpTarget.open({
    url,
    connections: CONNECTIONS,
    request: (index) => {
      if (index + 1 === count) enough.abort();
      const request = httpRequest(random, url.host);
      sent.set(index, request);
      return request;
    },
    onAnswer: ({ status, hasRetryAfter }, index) => {
      statuses[`http ${status}`] = (statuses[`http ${status}`] ?? 0) + 1;
      if (status >= 500 && !(status === 503 && hasRetryAfter))
        violations.push(`http ${status}: ${sent.get(index)?.toString("latin1").slice(0, 400)}`);
      sent.delete(index);
    },
  });
  const result = await runLoad({
    target,
    pace: { kind: "closed", window: CONNECTIONS },
    seconds: SECONDS_MAX,
    signal: enough.signal,
  });
  await target.close();
  if (result.unanswered > 0) violations.push(`http: ${result.unanswered} requests without an answer`);
  return violations;
}

/** Bytes that are no HTTP: the server must close the connection, with or without a 400. */
async function fuzzSockets(grid: RunningGrid, random: Random, count: number, statuses: Statuses): Promise<string[]> {
  const violations: string[] = [];
  for (let done = 0; done < count; done += CONNECTIONS) {
    const ends = await Promise.all(
      Array.from({ length: Math.min(CONNECTIONS, count - done) }, () =>
        throwGarbage(grid.client.url, randomBytes(random, GARBAGE_BYTES_MAX)),
      ),
    );
    for (const end of ends) {
      statuses[`socket ${end}`] = (statuses[`socket ${end}`] ?? 0) + 1;
      if (end === "open") violations.push("a connection with garbage on it was left open");
    }
  }
  return violations;
}

function throwGarbage(url: URL, bytes: Buffer): Promise<"closed" | "open"> {
  return new Promise((resolve) => {
    const socket = connectSocket(Number(url.port), url.hostname, () => socket.end(bytes));
    const timer = setTimeout(() => {
      resolve("open");
      socket.destroy();
    }, SOCKET_MS_MAX);
    socket.resume();
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      clearTimeout(timer);
      resolve("closed");
    });
  });
}

async function fuzzNats(grid: RunningGrid, random: Random, count: number, statuses: Statuses): Promise<string[]> {
  const connection = await connect({ servers: grid.natsUrl });
  const violations: string[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next++ < count) await tryOne(connection, random, statuses, violations);
  };
  await Promise.all(Array.from({ length: WINDOW }, worker));
  await connection.close();
  return violations;
}

async function tryOne(connection: NatsConnection, random: Random, statuses: Statuses, violations: string[]): Promise<void> {
  const { subject, payload, headers } = natsRequest(random);
  try {
    const reply = await connection.request(subject, payload, {
      timeout: NATS_ANSWER_MS_MAX,
      ...(headers === undefined ? {} : { headers }),
    });
    const code = Number(reply.headers?.get("Nats-Service-Error-Code") || "200");
    statuses[`nats ${code}`] = (statuses[`nats ${code}`] ?? 0) + 1;
    if (code >= 500 && code !== 503)
      violations.push(`nats ${code}: ${subject} ${Buffer.from(payload).toString("latin1").slice(0, 400)}`);
  } catch (error) {
    violations.push(`nats: ${subject} ${String(error)} ${Buffer.from(payload).toString("latin1").slice(0, 400)}`);
  }
}

function verdicts({ tried, violations, stockChanged, stillServing, seed }: FuzzResult): Verdict[] {
  const findings = [
    ...(stockChanged ? ["stock changed"] : []),
    ...(stillServing ? [] : ["the node stopped"]),
    ...(violations.length > 0
      ? [`${violations.length} or more undocumented answers, first: ${violations[0]?.slice(0, 80)}`]
      : []),
  ];
  return [
    {
      what: `${tried.toLocaleString("en-US")} mutated and random requests, HTTP and NATS`,
      reach: "none changes stock, gets an undocumented 5xx or stops the node",
      measured: findings.length === 0 ? `none did (seed ${seed})` : `${findings.join("; ")} (seed ${seed})`,
      reached: findings.length === 0,
    },
  ];
}

await runWhenMain(section, import.meta.main);
