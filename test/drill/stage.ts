/** What the steps of a procedure work with: the terminal, the clients, and the questions that the runbook tells to ask. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { type NatsConnection, nkeyAuthenticator } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { waitFor } from "../../cluster/local/index.ts";
import { inboxOf } from "../../cluster/nats/index.ts";
import { connectNats, type NatsOptions } from "../../src/nats/index.ts";
import type { Log } from "../../src/ports/index.ts";
import { type BooksReport, checkBooks } from "../faults/load/check-books.ts";
import { PLACE, Shoppers } from "../faults/load/shoppers.ts";
import { Probe } from "../faults/probe.ts";
import { nodeJson, type Session } from "./session.ts";
import { Snapshot } from "./snapshot.ts";

const QUIET: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** Many for few clients, and light: the machine runs all nodes and servers too, and the history of a long procedure has to be decided. */
const GOODS = Array.from({ length: 24 }, (_, index) => `goods-${index}`);
const [CLIENTS, PAUSE_MS] = [3, 400];
const [TRY_MS_MAX, PATIENCE_MS] = [5_000, 300_000];
const ANSWERS = 15;
const WAIT_MS_MAX = 300_000;
/** `STOCKGRID_SHARDS` where it is not set. */
const SHARDS = 256;
/** A caller waits 5 s for an outcome at most. */
const REFUSED_MS_MAX = 30_000;
/** Beyond what an outage explains; a loaded machine is late. */
const LATE_MS = 8_000;

export interface StageOptions {
  readonly session: Session;
  readonly on: "cluster" | "node";
  readonly outageMsMax: number;
  say(line: string): void;
}

export class Stage {
  readonly session: Session;
  readonly say: (line: string) => void;
  readonly books: BooksReport[] = [];
  readonly #options: StageOptions;
  #loads = 0;
  #shards = SHARDS;
  #shoppers: Shoppers | undefined;
  #probe: Probe | undefined;
  /** Of the last load that ended, once its books were right. */
  #settled: Shoppers | undefined;

  constructor(options: StageOptions) {
    this.#options = options;
    this.session = options.session;
    this.say = options.say;
  }

  /** Where nodes that run answer now. */
  urls(): string[] {
    if (this.#options.on === "cluster") {
      const nodes = this.session.cluster()?.nodes ?? [];
      return nodes.filter(({ pid }) => pid !== 0).map(({ httpUrl }) => httpUrl);
    }
    return [nodeJson(this.session.dataDir)?.httpUrl].filter((url) => url !== undefined);
  }

  urlOf(name: string): string {
    const node = this.session.cluster()?.nodes.find((each) => each.name === name);
    if (node === undefined) throw new Error(`there is no ${name}`);
    return node.httpUrl;
  }

  /** Clients begin, with goods that no load before had. */
  async startLoad(): Promise<void> {
    const number = ++this.#loads;
    this.#shoppers = new Shoppers({
      clients: CLIENTS,
      skus: GOODS.map((name) => `${name}-${number}`),
      linesMax: 3,
      openingUnits: 40,
      pauseMs: PAUSE_MS,
      tryMsMax: TRY_MS_MAX,
      patienceMs: PATIENCE_MS,
      seed: number,
      urls: () => this.urls(),
      strictQuery: this.#options.on === "cluster" ? "?consistency=strict" : "",
    });
    await this.#shoppers.start();
    await this.answersGoOn();
  }

  /** Rejects when a client meets what it cannot accept; never resolves. */
  async failing(): Promise<never> {
    for (;;) {
      const shoppers = this.#shoppers;
      await (shoppers === undefined ? undefined : Promise.race([shoppers.failing(), changed(() => this.#shoppers !== shoppers)]));
      await changed(() => this.#shoppers !== undefined);
    }
  }

  /** Clients get so many answers more. */
  async answersGoOn(more = ANSWERS): Promise<void> {
    const shoppers = this.#shoppers;
    if (shoppers === undefined) return;
    const enough = shoppers.answers + more;
    await waitFor(`${more} answers to clients`, WAIT_MS_MAX, async () => met(shoppers.answers >= enough));
  }

  /** Ends the load: no request failed, and the grid and its feed say what the books say. */
  async endLoad(): Promise<void> {
    const shoppers = this.#shoppers;
    if (shoppers === undefined) return;
    await this.answersGoOn();
    await shoppers.stop();
    this.#shoppers = undefined;
    const { gaveUp } = shoppers.trouble;
    if (gaveUp > 0) throw new Error(`${gaveUp} requests of clients failed`);
    const late = LATE_MS + this.#options.outageMsMax;
    const options = { expiryLateMs: late, followMs: late, passingMs: late };
    this.books.push(await checkBooks(shoppers, () => this.#nats(), this.say, options));
    this.#settled = shoppers;
  }

  /** What the grid says of everything that the load before did. */
  async snapshot(): Promise<Snapshot> {
    if (this.#settled === undefined) throw new Error("no load has ended");
    return Snapshot.take(this.#settled);
  }

  /** `shards_unserved` is 0 on every node, and every node is ready, but for those that stand still. */
  async served(...except: readonly string[]): Promise<void> {
    this.say("until shards_unserved is 0 and /readyz answers");
    await waitFor("shards_unserved 0 on every node", WAIT_MS_MAX, async () => {
      const pages = await this.#metrics(except.map((name) => this.urlOf(name)));
      return met(pages.length > 0 && pages.every((page) => page !== undefined && sum(page, "shards_unserved") === 0));
    });
  }

  /** What would make `StockgridShardsWithoutStandby` silent. */
  async standbys(): Promise<void> {
    await this.served();
    this.say("until every shard has a standby");
    await waitFor("a standby for every shard", WAIT_MS_MAX, async () => {
      const pages = (await this.#metrics()).filter((page) => page !== undefined);
      const of = (name: string): number => pages.reduce((total, page) => total + sum(page, name), 0);
      return met(of("shards_owned") >= this.#shards && of("shards_standby") >= of("shards_owned"));
    });
  }

  /** A write to every shard is committed. */
  async everyShardWrites(): Promise<void> {
    this.#probe ??= new Probe({
      shards: this.#shards,
      nodes: () => this.urls().map((httpUrl) => ({ id: httpUrl, pid: undefined, httpUrl, dataDir: "" })),
    });
    const tookMs = await this.#probe.untilEveryShardServes();
    this.say(`every shard took a write within ${Math.round(tookMs)} ms`);
  }

  /** `/healthz` of all NATS servers answers. */
  async natsHealthy(): Promise<void> {
    this.say("until /healthz of all NATS servers answers");
    for (const { name, monitorUrl } of this.session.cluster()?.nats ?? [])
      await waitFor(`/healthz of ${name}`, WAIT_MS_MAX, async () => met(await answers(`${monitorUrl}/healthz`)));
  }

  /** Every node refuses a write as `outcome-unknown` or `not-ready`. */
  async nothingIsAcknowledged(): Promise<void> {
    await Promise.all(
      this.urls().map(async (url, index) => {
        const response = await fetch(`${url}/v1/movements`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ id: `lost-${index}`, type: "receipt", sku: "lost", location: PLACE, quantity: 1 }),
          signal: AbortSignal.timeout(REFUSED_MS_MAX),
        });
        const text = await response.text();
        if (!/:(?:outcome-unknown|not-ready)"/.test(text)) throw new Error(`a write at ${url} gets ${response.status} ${text}`);
        this.say(`a write gets ${response.status} ${text.slice(0, 100)}`);
      }),
    );
  }

  /** Nodes are set to this number of shards from now on. */
  reshardedTo(shards: number): void {
    this.#shards = shards;
    this.#probe = undefined;
  }

  /** Resolves when it is so; asks again and again, also when no answer comes. */
  async until(what: string, is: () => Promise<boolean>): Promise<void> {
    this.say(`until ${what}`);
    await waitFor(what, WAIT_MS_MAX, async () => met(await is().catch(() => false)));
  }

  /** As another node sees it. */
  async ownsNothing(node: string): Promise<boolean> {
    const other = this.urls().find((url) => url !== this.urlOf(node));
    const response = await fetch(`${other}/v1/cluster`, { signal: AbortSignal.timeout(TRY_MS_MAX) });
    const { members } = (await response.json()) as { members: readonly { readonly node: string; readonly owned: number }[] };
    return members.every((member) => member.node !== node || member.owned === 0);
  }

  /** No copy of a stream lags behind its leader, and none is missing. */
  async copiesAreCurrent(): Promise<boolean> {
    const connection = await this.connect("operator");
    try {
      const streams = await (await jetstreamManager(connection)).streams.list().next();
      const copies = streams.flatMap(({ cluster }) => cluster?.replicas ?? []);
      return streams.length > 0 && copies.length > 0 && copies.every(({ current, offline }) => current && offline !== true);
    } finally {
      await connection.close();
    }
  }

  /** The store that a node had before a restore lies beside its own. */
  async hasStoreOfBefore(node: string): Promise<void> {
    const names = await readdir(join(this.session.clusterFolder, node, "lmdb"));
    if (!names.some((name) => name.includes(".before-"))) throw new Error(`${node} has no store of before: ${names.join(", ")}`);
  }

  /** Whether the servers let a user in with this seed; undefined: that of its file. */
  async lets(user: string, seed: string | undefined): Promise<boolean> {
    const secure = join(this.session.clusterFolder, "secure");
    const key = seed ?? (await readFile(join(secure, `users/${user}.nk`), "utf8"));
    for (const { url } of this.session.cluster()?.nats ?? []) {
      const connection = await connect({
        servers: url,
        authenticator: nkeyAuthenticator(Buffer.from(key.trim())),
        tls: { caFile: join(secure, "ca.pem") },
        reconnect: false,
      }).catch((error: unknown) => {
        if (error instanceof Error && /authorization/i.test(error.message)) return undefined;
        throw error;
      });
      await connection?.close();
      if (connection === undefined) return false;
    }
    return true;
  }

  /** As the user `name` of a cluster with accounts; of a single node anybody. */
  connect(name: string): Promise<NatsConnection> {
    const secure = join(this.session.clusterFolder, "secure");
    const url = this.session.cluster()?.natsUrl ?? "";
    const auth = { kind: "creds", path: join(secure, `users/${name}.nk`) } as const;
    const options: NatsOptions = { url, auth, tls: { ca: join(secure, "ca.pem") }, inboxPrefix: inboxOf(name) };
    return connectNats({ ...options, name: "drill", log: QUIET });
  }

  #nats(): Promise<NatsConnection> {
    if (this.#options.on === "cluster") return this.connect("operator");
    return connectNats({ url: nodeJson(this.session.dataDir)?.natsUrl ?? "", name: "drill", log: QUIET });
  }

  /** Of each node that runs; undefined where it does not answer or is not ready. */
  async #metrics(except: readonly string[] = []): Promise<(string | undefined)[]> {
    const urls = this.urls().filter((url) => !except.includes(url));
    return Promise.all(
      urls.map(async (url) => {
        if (!(await answers(`${url}/readyz`))) return undefined;
        return fetch(`${url}/metrics`, { signal: AbortSignal.timeout(TRY_MS_MAX) }).then(
          (response) => response.text(),
          () => undefined,
        );
      }),
    );
  }
}

/** Of all members of a node. */
function sum(page: string, metric: string): number {
  const rows = page
    .split("\n")
    .filter((line) => line.startsWith(`stockgrid_${metric}{`) || line.startsWith(`stockgrid_${metric} `));
  if (rows.length === 0) throw new Error(`/metrics has no stockgrid_${metric}`);
  return rows.reduce((total, row) => total + Number(row.split(" ").at(-1)), 0);
}

async function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(TRY_MS_MAX) }).then(
    async (response) => {
      await response.text();
      return response.ok;
    },
    () => false,
  );
}

/** For `waitFor`. */
function met(is: boolean): true | undefined {
  return is ? true : undefined;
}

async function changed(is: () => boolean): Promise<void> {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 100).unref());
}
