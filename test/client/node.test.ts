/** The client against a node as users start it: the life of a reservation over both ways, the feeds, and every example of docs/client.md. */

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, connectStockGrid, type FeedEvent, type StockGridClient } from "../../src/client/index.ts";
import { type Running, startStockgrid } from "../cli/run-stockgrid.ts";
import { until } from "../feed/until.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const START_MS_MAX = 120_000;
const TSC = join(ROOT, "node_modules", "typescript", "bin", "tsc");

let cwd = "";
let node: Running;
let urls: { readonly httpUrl: string; readonly natsUrl: string };
let clients: Readonly<Record<"http" | "nats" | "msgpack", StockGridClient>>;

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "stockgrid-client-"));
  node = startStockgrid(["serve", "--http-port", "0", "--log-level", "warn"], { cwd });
  await node.printed(/access .*\n/);
  urls = JSON.parse(readFileSync(join(cwd, "data", "node.json"), "utf8"));
  clients = {
    http: await connectStockGrid({ http: urls.httpUrl }),
    nats: await connectStockGrid({ nats: urls.natsUrl }),
    msgpack: await connectStockGrid({ nats: urls.natsUrl, encoding: "msgpack" }),
  };
  valueIn(await clients.http.putLocation("uk-dc", { type: "dc", name: "The warehouse" }));
  const receipts = ["85123A", "22423", "http", "nats", "msgpack"].map((sku) => ({ id: `r-${sku}`, sku, quantity: 100_000 }));
  await clients.nats.applyMovements(receipts.map((each) => ({ ...each, type: "receipt", location: "uk-dc" })));
}, START_MS_MAX);

afterAll(async () => {
  await Promise.all(Object.values(clients ?? {}).map((client) => client.close()));
  node.child.kill("SIGINT");
  await node.ended;
  rmSync(cwd, { recursive: true });
});

function valueIn<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`refused: ${answer.reason}: ${answer.problem.detail}`);
  return answer.value;
}

describe("the life of a reservation", () => {
  it.each(["http", "nats", "msgpack"] as const)("is the same over %s", async (way) => {
    const client = clients[way];
    const line = { sku: way, location: "uk-dc", quantity: 3 };
    const held = valueIn(await client.reserve({ lines: [line], reference: "basket" }, { idempotencyKey: "k" }));
    expect(valueIn(await client.reserve({ lines: [line], reference: "basket" }, { idempotencyKey: "k" })).id).toBe(held.id);
    expect(valueIn(await client.get(held.id))).toEqual(held);
    expect(valueIn(await client.extend(held.id, 60)).status).toBe("held");
    expect(valueIn(await client.release(held.id, { lines: [{ ...line, quantity: 1 }] })).status).toBe("held");
    expect(valueIn(await client.confirm(held.id)).status).toBe("confirmed");
    expect(valueIn(await client.fulfill(held.id)).status).toBe("fulfilled");
    expect(valueIn(await client.record(way, "uk-dc"))).toMatchObject({ onHand: 99_998, held: 0, allocated: 0 });
    expect(valueIn(await client.stock(way)).totals.onHand).toBe(99_998);
    expect(valueIn(await client.availability({ skus: [way] })).items).toMatchObject([{ sku: way, available: 99_998 }]);
    const refused = await client.reserve({ ...line, quantity: 1_000_000 });
    expect(refused).toMatchObject({ ok: false, reason: "insufficient-stock", problem: { shortages: [{ available: 99_998 }] } });
  });
});

describe("the feed of a node", () => {
  it("is the same over both ways, and its positions are good for both", async () => {
    const [overHttp, overNats]: [FeedEvent[], FeedEvent[]] = [[], []];
    const gaps: unknown[] = [];
    const stop = new AbortController();
    const collect = async (client: StockGridClient, into: FeedEvent[], after?: string): Promise<void> => {
      const options = { sku: "85123A", signal: stop.signal, after, onGap: (gap: unknown) => void gaps.push(gap) };
      for await (const event of client.events(options)) into.push(event);
    };
    const following = [collect(clients.http, overHttp), collect(clients.nats, overNats)];
    const hold = async (): Promise<void> => {
      const { id } = valueIn(await clients.http.reserve({ sku: "85123A", location: "uk-dc", quantity: 1 }));
      valueIn(await clients.nats.release(id));
    };
    await until("both are live", async () => {
      await hold();
      return overHttp.length > 0 && overNats.length > 0;
    });
    await hold();
    const { version } = valueIn(await clients.http.record("85123A", "uk-dc"));
    const complete = (heard: readonly FeedEvent[]): boolean => heard.at(-1)?.data.version === version;
    await until("both are complete", () => complete(overHttp) && complete(overNats));

    const swapped: [FeedEvent[], FeedEvent[]] = [[], []];
    following.push(
      collect(clients.nats, swapped[0], overHttp[0]?.position),
      collect(clients.http, swapped[1], overNats[0]?.position),
    );
    await until("both are complete again", () => swapped.every(complete));
    stop.abort();
    await Promise.all(following);
    expect(swapped).toEqual([overHttp.slice(1), overNats.slice(1)]);
    expect(gaps).toEqual([]);
  }, 60_000);
});

describe("docs/client.md", () => {
  it("has examples that pass the type checker and run", async () => {
    const examples = examplesIn(readFileSync(join(ROOT, "docs", "client.md"), "utf8"));
    expect(examples.length).toBeGreaterThan(5);
    // Inside the repository, so that `stockgrid/client` is found by the name of the package.
    const folder = mkdtempSync(join(ROOT, ".client-examples-"));
    // The last ones are still under way when the client is closed.
    const ignored = (): void => undefined;
    const busy = setInterval(() => {
      clients.http.reserve({ sku: "85123A", location: "uk-dc", quantity: 1 }).catch(ignored);
    }, 100);
    try {
      const files = examples.map((text, index) => {
        const file = join(folder, `example-${index}.ts`);
        writeFileSync(file, text);
        return file;
      });
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ extends: "../tsconfig.json", include: ["*.ts"] }));
      expect(await run(TSC, "-p", folder)).toEqual({ status: 0, error: "" });
      for (const file of files) expect(await run(file), readFileSync(file, "utf8")).toMatchObject({ status: 0 });
    } finally {
      clearInterval(busy);
      rmSync(folder, { recursive: true });
    }
  }, 120_000);
});

/** Its TypeScript, with the addresses of the node under test. */
function examplesIn(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text]) => text ?? "");
  return blocks.map((text) =>
    text.replaceAll("http://127.0.0.1:8080", urls.httpUrl).replaceAll("nats://127.0.0.1:4222", urls.natsUrl),
  );
}

/** A script on this Node; what it complained of. */
function run(...args: string[]): Promise<{ status: number | null; error: string }> {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let error = "";
  const complaints = args[0] === TSC ? child.stdout : child.stderr;
  complaints.on("data", (chunk: Buffer) => {
    error += chunk.toString();
  });
  child.stdout.resume();
  child.stderr.resume();
  return new Promise((resolve) => child.on("close", (status) => resolve({ status, error })));
}
