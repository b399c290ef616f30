/** One run of one scenario: a fresh cluster, load, the fault, more load, and the books. */

import { setTimeout as pause } from "node:timers/promises";
import { SimRandom } from "../simulator/world/index.ts";
import type { Cluster, Features } from "./cluster.ts";
import type { RecordedCall } from "./history/index.ts";
import { type BooksReport, checkBooks, type EventBody, readEvents } from "./load/check-books.ts";
import { type LoadSettings, Shoppers } from "./load/shoppers.ts";
import { Probe } from "./probe.ts";
import type { ClusterWishes, Measured, Preparation, Scenario } from "./scenario.ts";

export type MakeCluster = (shape: { nodes: number; natsServers: number }, wishes: ClusterWishes) => Promise<Cluster>;

export interface RunSettings {
  readonly seed: number;
  readonly makeCluster: MakeCluster;
  readonly load?: Partial<LoadSettings>;
  /** Keeps what a run whose checks failed, or could not decide, leaves to study: what clients saw, and what was published. */
  readonly keepEvidence?: (evidence: Evidence) => Promise<void>;
  say(line: string): void;
}

export interface Evidence {
  readonly calls: readonly RecordedCall[];
  /** Empty when they could not be read. */
  readonly events: readonly EventBody[];
}

export interface RunReport {
  readonly scenario: string;
  readonly seed: number;
  readonly measured: Measured;
  /** Undefined for a scenario that checks its books itself. */
  readonly books?: BooksReport;
}

/** Requests answered before the fault, and again after it, on whatever machine. */
const ANSWERS_BEFORE = 150;
const ANSWERS_AFTER = 50;
const ANSWER_MS_MAX = 60_000;
/** Beyond a beat of the grid's timers; a hold that outlives its time by more is a fault. */
const EXPIRY_LATE_MS = 2_000;
/**
 * How long what a reservation came to may take to reach its other shards, ms: at once as a rule; when its home shard moves or fails over just then, its next owner
 * follows it up.
 */
const FOLLOW_MS = 4_000;

const LOAD: Omit<LoadSettings, "urls" | "seed" | "strictQuery"> = {
  clients: 8,
  skus: ["apple", "bread", "candle", "drum", "envelope", "flute", "globe", "hammer"],
  linesMax: 3,
  openingUnits: 60,
  pauseMs: 10,
  tryMsMax: 5_000,
  patienceMs: 60_000,
};
/** Where scenarios take longer: fewer visits, so that the history stays small enough to decide. */
const SPREAD_PAUSE_MS = 60;
const NOTHING: Preparation = { wishes: {}, close: async () => undefined };

/** Why the scenario cannot run with such a cluster on this machine; undefined: it can. */
export async function reasonToSkip(one: Scenario, features: Features): Promise<string | undefined> {
  const missing = one.features.filter((feature) => !features[feature]);
  if (missing.length > 0) return `${one.name} needs a grid that has: ${missing.join(", ")}`;
  const reason = await one.unsupported?.();
  return reason === undefined ? undefined : `${one.name}: ${reason}`;
}

/** Throws what went wrong, with the newest log lines. */
export async function runScenario(one: Scenario, settings: RunSettings): Promise<RunReport> {
  const prepared = (await one.prepare?.()) ?? NOTHING;
  try {
    const shape = { nodes: one.nodes, natsServers: one.natsServers };
    const cluster = await settings.makeCluster(shape, prepared.wishes);
    try {
      return await perform(one, cluster, prepared, settings);
    } catch (error) {
      const logs = cluster.nodes().map(({ id }) => `--- ${id}\n${cluster.log(id).slice(-2_000)}`);
      throw new Error(`${one.name}, seed ${settings.seed}: ${(error as Error).message}\n${logs.join("\n")}`, { cause: error });
    } finally {
      await cluster.end();
    }
  } finally {
    await prepared.close();
  }
}

async function perform(
  one: Scenario,
  cluster: Cluster,
  prepared: Preparation,
  { seed, say, load, keepEvidence }: RunSettings,
): Promise<RunReport> {
  const shoppers = new Shoppers({
    ...LOAD,
    ...(cluster.features.sharesShards ? { pauseMs: SPREAD_PAUSE_MS } : {}),
    ...load,
    seed,
    urls: () => cluster.nodes().flatMap(({ httpUrl }) => httpUrl ?? []),
    strictQuery: strictQueryOf(cluster.features),
  });
  await shoppers.start();
  const probe = new Probe(cluster);
  const stage = {
    cluster,
    shoppers,
    prepared,
    say,
    random: new SimRandom(seed),
    untilEveryShardServes: () => probe.untilEveryShardServes(),
  };
  const measured = await Promise.race([scene(one, stage), shoppers.failing()]);
  if (one.checksItself === true) return { scenario: one.name, seed, measured };
  await Promise.race([untilAnswered(shoppers, ANSWERS_AFTER), shoppers.failing()]);
  say("stopping the load");
  await shoppers.stop();
  await cluster.ready();
  const keep = async (): Promise<void> => {
    if (keepEvidence === undefined) return;
    const events = await readEvents(natsUrlOf(cluster)).catch(() => []);
    await keepEvidence({ calls: shoppers.recorder.calls(), events });
  };
  try {
    const books = await checkAll(cluster, shoppers, say, one.outageMsMax);
    if (books.history.undecided.length > 0) await keep();
    return { scenario: one.name, seed, measured, books };
  } catch (error) {
    await keep();
    throw error;
  }
}

async function scene(one: Scenario, stage: Parameters<Scenario["run"]>[0]): Promise<Measured> {
  await stage.untilEveryShardServes();
  await untilAnswered(stage.shoppers, ANSWERS_BEFORE);
  return await one.run(stage);
}

/** Of several nodes a plain read may be answered by one that has lost the shard. */
function strictQueryOf({ strictReads, sharesShards }: Features): string | undefined {
  if (strictReads) return "?consistency=strict";
  return sharesShards ? undefined : "";
}

async function untilAnswered(shoppers: Shoppers, more: number): Promise<void> {
  const enough = shoppers.answers + more;
  const deadline = Date.now() + ANSWER_MS_MAX;
  while (shoppers.answers < enough) {
    if (Date.now() > deadline) throw new Error(`of ${more} requests ${enough - shoppers.answers} had no answer in time`);
    await pause(20);
  }
}

/** The books of a run that has ended. */
export function checkAll(
  cluster: Cluster,
  shoppers: Shoppers,
  say: (line: string) => void,
  outageMsMax = 0,
): Promise<BooksReport> {
  const late = FOLLOW_MS + outageMsMax;
  const spread = cluster.features.sharesShards ? { followMs: late, passingMs: late } : {};
  return checkBooks(shoppers, natsUrlOf(cluster), say, { expiryLateMs: EXPIRY_LATE_MS, ...spread });
}

function natsUrlOf(cluster: Cluster): string {
  return cluster
    .natsServers()
    .map(({ url }) => url)
    .join(",");
}
