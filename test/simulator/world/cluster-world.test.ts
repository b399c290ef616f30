/** The simulated cluster keeps its own promises: what is cut does not get through, order is kept, the paused hear nothing until they are resumed. */

import { describe, expect, it } from "vitest";
import type { LaneSeq } from "../../../src/base/index.ts";
import type { FollowedRecord, LaneFollow } from "../../../src/ports/index.ts";
import { CALM, NATS, SimCluster, type WeatherRates } from "./index.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString();
const seq = (value: number): LaneSeq => value as LaneSeq;

function clusterWith(rates: Partial<WeatherRates> = {}): SimCluster {
  const cluster = new SimCluster(1);
  cluster.weather.rates = { ...CALM, ...rates };
  return cluster;
}

function fill(cluster: SimCluster, lane: string, count: number): void {
  const { last } = cluster.lane(lane);
  for (let n = 0; n < count; n++) cluster.lane(lane).store(bytes(`r${last + n + 1}`), seq(last + n));
}

/** Reads on until the follow ends; `seen` fills up as the world runs. */
function readAll(follow: LaneFollow): { readonly seen: FollowedRecord[]; end?: unknown } {
  const reading: { readonly seen: FollowedRecord[]; end?: unknown } = { seen: [] };
  const read = async (): Promise<void> => {
    for (let record = await follow.next(); record !== undefined; record = await follow.next()) reading.seen.push(record);
  };
  read().then(
    () => Object.assign(reading, { end: "closed" }),
    (error: unknown) => Object.assign(reading, { end: error }),
  );
  return reading;
}

describe("following a simulated lane", () => {
  it("gives every record in order, and those committed later, and says which was the newest", async () => {
    const cluster = clusterWith({ journalLatencyMsMax: 20 });
    fill(cluster, "a", 30);
    const follow = cluster.boot("m", "b").lanes.follow("a", seq(5));
    const reading = readAll(follow);
    await cluster.scheduler.runFor(2_000);
    fill(cluster, "a", 3);
    await cluster.scheduler.runFor(1_000);
    expect(reading.seen.map((record) => record.seq)).toEqual(Array.from({ length: 29 }, (_, n) => n + 5));
    expect(reading.seen.map((record) => text(record.bytes))).toEqual(Array.from({ length: 29 }, (_, n) => `r${n + 5}`));
    expect(reading.seen.filter((record) => record.newest).map((record) => record.seq)).toContain(30);
    expect(reading.seen.at(-1)?.newest).toBe(true);
    follow.close();
    await cluster.scheduler.runFor(10);
    expect(reading.end).toBe("closed");
  });

  it.each([
    ["of trimmed records", "trimmed"],
    ["of a lane that does not exist", "exist"],
    ["over a connection that breaks", "connection"],
  ])("%s breaks off", async (_, reason) => {
    const cluster = clusterWith(reason === "connection" ? { followBreaks: 1 } : {});
    if (reason !== "exist") fill(cluster, "a", 3);
    if (reason === "trimmed") cluster.lane("a").trimBefore(seq(2));
    const reading = readAll(cluster.boot("m", "b").lanes.follow("a", seq(1)));
    await cluster.scheduler.runFor(1_000);
    expect(String(reading.end)).toContain(reason);
    expect(reading.seen).toEqual([]);
  });

  it("goes on after a short cut and breaks off in a long one", async () => {
    const cluster = clusterWith({ appendTimeoutMs: 500 });
    fill(cluster, "a", 1);
    const reading = readAll(cluster.boot("m", "b").lanes.follow("a", seq(1)));
    await cluster.scheduler.runFor(50);
    cluster.cutFromNats("m", "in");
    fill(cluster, "a", 1);
    await cluster.scheduler.runFor(300);
    expect(reading.seen).toHaveLength(1);
    cluster.network.healAll();
    await cluster.scheduler.runFor(300);
    expect(reading.seen).toHaveLength(2);
    cluster.cutFromNats("m", "both");
    fill(cluster, "a", 1);
    await cluster.scheduler.runFor(1_000);
    expect([reading.seen.length, String(reading.end)]).toEqual([2, expect.stringContaining("not heard")]);
  });
});

describe("a machine cut off from JetStream", () => {
  it("has its appends, in order, when the way out is healed, unless they are lost; their outcome is unknown", async () => {
    const cluster = clusterWith({ cutLoses: 0 });
    const { journal } = cluster.boot("m", "a");
    cluster.cutFromNats("m", "out");
    const outcomes: string[] = [];
    for (let last = 0; last < 3; last++) journal.append(bytes(`r${last}`), seq(last), (outcome) => outcomes.push(outcome.kind));
    await cluster.scheduler.runFor(5_000);
    expect([outcomes, cluster.lane("a").last]).toEqual([["unknown", "unknown", "unknown"], 0]);
    cluster.network.heal("m", NATS);
    await cluster.scheduler.runFor(100);
    expect(cluster.lane("a").everything().map(text)).toEqual(["r0", "r1", "r2"]);
  });

  it("stores what it sends and does not hear of it when only the way in is cut", async () => {
    const cluster = clusterWith();
    const { journal } = cluster.boot("m", "a");
    cluster.cutFromNats("m", "in");
    const outcomes: string[] = [];
    journal.append(bytes("r1"), seq(0), (outcome) => outcomes.push(outcome.kind));
    await cluster.scheduler.runFor(5_000);
    expect([outcomes, cluster.lane("a").last]).toEqual([["unknown"], 1]);
  });

  it("cannot ask, and its gets and puts reject", async () => {
    const cluster = clusterWith({ cutLoses: 1 });
    const ports = cluster.boot("m", "a");
    cluster.cutFromNats("m", "both");
    const results = Promise.allSettled([
      ports.journal.bounds(),
      ports.lanes.open("b"),
      ports.keyValue("k").get("key"),
      ports.keyValue("k").put("key", bytes("v"), 0),
    ]);
    const settled = await cluster.scheduler.settle(results, "all answers", 5_000);
    expect(settled.map((result) => result.status)).toEqual(["rejected", "rejected", "rejected", "rejected"]);
    expect(cluster.bucket("k").newest("key")).toBeUndefined();
  });
});

describe("the order of appends", () => {
  it("is kept also behind a late one", async () => {
    const cluster = clusterWith({ journalLatencyMsMax: 50, appendLate: 0.3 });
    const { lanes } = cluster.boot("m", "a");
    const [one, two] = await cluster.scheduler.settle(Promise.all([lanes.open("b"), lanes.open("b")]), "two journals", 1_000);
    for (let last = 0; last < 20; last++) (last % 2 === 0 ? one : two)?.append(bytes(`r${last}`), seq(last), () => undefined);
    await cluster.scheduler.runFor(60_000);
    expect(cluster.lane("b").everything().map(text)).toEqual(Array.from({ length: 20 }, (_, n) => `r${n}`));
  });
});

describe("a paused process", () => {
  it("hears nothing until it is resumed, then timers first and the rest in order", async () => {
    const cluster = clusterWith();
    const [a, b] = [cluster.boot("m", "a"), cluster.boot("n", "b")];
    const heard: string[] = [];
    b.links.receive((from, message) => heard.push(`${from}: ${text(message)}`));
    b.clock.after(10, () => heard.push("timer"));
    const cancel = b.clock.after(20, () => heard.push("cancelled"));
    b.clock.after(15, () => cancel());
    b.process.pause();
    const before = b.clock.now();
    for (const word of ["one", "two"]) a.links.send("b", bytes(word));
    await cluster.scheduler.runFor(1_000);
    expect(heard).toEqual([]);
    b.process.resume();
    a.links.send("b", bytes("three"));
    await cluster.scheduler.runFor(1_000);
    expect(heard).toEqual(["timer", "a: one", "a: two", "a: three"]);
    expect(b.clock.now() - before).toBe(2_000);
  });

  it("that is killed hears nothing ever", async () => {
    const cluster = clusterWith();
    const { process, clock } = cluster.boot("m", "a");
    let fired = false;
    clock.after(10, () => {
      fired = true;
    });
    process.pause();
    await cluster.scheduler.runFor(100);
    process.kill();
    process.resume();
    await cluster.scheduler.runFor(100);
    expect(fired).toBe(false);
  });
});

describe("links", () => {
  async function sendMany(cluster: SimCluster, machine: string): Promise<string[]> {
    const [a, b] = [cluster.boot("m", "a"), cluster.boot(machine, "b")];
    const heard: string[] = [];
    b.links.receive((_from, message) => heard.push(text(message)));
    for (let n = 0; n < 50; n++) a.links.send("b", bytes(`${n}`));
    await cluster.scheduler.runFor(1_000);
    return heard;
  }

  it("lose messages between machines and keep the order of the rest", async () => {
    const heard = (await sendMany(clusterWith({ linkLost: 0.5, linkLatencyMsMax: 100 }), "n")).map(Number);
    expect(heard.length).toBeGreaterThan(5);
    expect(heard.length).toBeLessThan(45);
    expect(heard).toEqual([...heard].sort((x, y) => x - y));
  });

  it("lose nothing inside a machine", async () => {
    expect(await sendMany(clusterWith({ linkLost: 1 }), "m")).toHaveLength(50);
  });

  it("are cut in one direction only, when told so", async () => {
    const cluster = clusterWith();
    const [a, b] = [cluster.boot("m", "a"), cluster.boot("n", "b")];
    const heard: string[] = [];
    a.links.receive((from) => heard.push(from));
    b.links.receive((from) => heard.push(from));
    cluster.network.cut("m", "n");
    a.links.send("b", bytes("x"));
    b.links.send("a", bytes("x"));
    await cluster.scheduler.runFor(100);
    expect(heard).toEqual(["b"]);
  });
});

describe("a bucket", () => {
  it.each([
    ["stored", {}, "resolved", true],
    ["lost", { bucketLost: 1 }, "rejected", false],
    ["answer lost", { bucketAnswerLost: 1 }, "rejected", true],
    ["late", { bucketLate: 1 }, "rejected", true],
  ] as const)("with a put that is %s answers and keeps what that means", async (_, rates, told, stored) => {
    const cluster = clusterWith(rates);
    const heard: string[] = [];
    cluster
      .boot("m", "a")
      .keyValue("k")
      .put("key", bytes("v"), 0)
      .then(
        () => heard.push("resolved"),
        () => heard.push("rejected"),
      );
    await cluster.scheduler.runFor(10_000);
    expect([heard, cluster.bucket("k").newest("key") !== undefined]).toEqual([[told], stored]);
  });

  it("lets one of two writers win", async () => {
    const cluster = clusterWith();
    const values = [cluster.boot("m", "a").keyValue("k"), cluster.boot("n", "b").keyValue("k")];
    const puts = Promise.all(values.map((each, n) => each.put("key", bytes(`${n}`), 0)));
    const revisions = await cluster.scheduler.settle(puts, "both", 1_000);
    expect(revisions.filter((revision) => revision === 1)).toHaveLength(1);
    expect(revisions.filter((revision) => revision === undefined)).toHaveLength(1);
  });

  it("shows a watch the newest of every key in the end, never an older one after a newer one, whatever breaks", async () => {
    const cluster = clusterWith({ watchBreaks: 0.3, watchAwayMsMax: 200, watchCoalesces: 0.5, journalLatencyMsMax: 30 });
    const bucket = cluster.bucket("k");
    bucket.overwrite("old", bytes("0"));
    const shown = new Map<string, number[]>();
    let settled = 0;
    cluster
      .boot("m", "a")
      .keyValue("k")
      .watch(
        (key, entry) => shown.set(key, [...(shown.get(key) ?? []), entry === undefined ? -1 : Number(text(entry.value))]),
        () => settled++,
      );
    for (let n = 1; n <= 200; n++) {
      bucket.overwrite(`key-${n % 3}`, bytes(`${n}`));
      if (n === 100) bucket.delete("old");
      if (n === 50) cluster.cutFromNats("m", "in");
      if (n === 150) cluster.network.healAll();
      await cluster.scheduler.runFor(10);
    }
    await cluster.scheduler.runFor(2_000);
    for (const [key, values] of shown) {
      if (key !== "old") expect(values).toEqual([...values].sort((a, b) => a - b));
    }
    expect([shown.get("key-0")?.at(-1), shown.get("key-1")?.at(-1), shown.get("key-2")?.at(-1)]).toEqual([198, 199, 200]);
    expect(shown.get("old")).toEqual([0, -1]);
    expect(settled).toBe(1);
  });
});

describe("a machine", () => {
  it("has a wall clock of its own", () => {
    const cluster = clusterWith();
    const [a, b] = [cluster.boot("m", "a"), cluster.boot("n", "b")];
    cluster.machine("m").wallOffsetMs = 5_000;
    expect(a.clock.now() - b.clock.now()).toBe(5_000);
  });

  it("that loses its power loses its processes and what was not flushed, and no other machine does", async () => {
    const cluster = clusterWith({ checkpointLatencyMsMax: 50 });
    const [a, b] = [cluster.boot("m", "a"), cluster.boot("n", "b")];
    for (const { store } of [a, b]) store.begin().commit(bytes("mark"), () => undefined);
    const visible = (): boolean => [a, b].every(({ store }) => store.mark() !== undefined);
    await cluster.scheduler.runUntil(visible, "both checkpoints to be visible", 1_000);
    const flushed = cluster.machine("m").disk("a").flushed.mark !== undefined;
    cluster.machine("m").losePower();
    expect([a.process.alive, b.process.alive]).toEqual([false, true]);
    expect(cluster.boot("m", "a").store.mark() !== undefined).toBe(flushed);
    expect(b.store.mark()).toBeDefined();
  });
});
