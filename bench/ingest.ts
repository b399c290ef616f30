/**
 * Events of all six sources in equal parts, durable: from the first byte sent until every movement is committed, every signal kept and every message acknowledged.
 *
 * The server, its NATS server and this load share the machine. Three ways in: STOCK_INGEST with batches of a hundred events a message and with one, and HTTP with batches of
 * a hundred. `interpreters` is what reading costs alone, without a grid.
 */

import { setTimeout as pause } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { parseMovement } from "../src/api/index.ts";
import type { LocationId } from "../src/base/index.ts";
import { readEnvelope } from "../src/intake/index.ts";
import { callGrid, type GridClient } from "../src/loadgen/index.ts";
import { interpret, type SourceContext } from "../src/sources/index.ts";
import { type RunningGrid, startGrid } from "./lib/grid-process.ts";
import { cpuMs } from "./lib/process-usage.ts";
import { interleave, type Rounds } from "./lib/rounds.ts";
import { type BenchRun, runWhenMain, type Section, type Verdict } from "./lib/section.ts";
import { MIXED_SOURCES, mixedEvent } from "./lib/source-events.ts";
import { formatSpread, spreadOf } from "./lib/statistics.ts";
import { tempFolder } from "./lib/temp-folder.ts";
import { waitFor } from "./lib/wait.ts";

export interface IngestSample {
  /** Events a second. */
  readonly perSecond: number;
  /** CPU time of all server processes for one event. */
  readonly cpuUs: number;
  /** Events that did not end as applied or accepted. */
  readonly others: number;
}

export interface IngestBenchResult {
  readonly rounds: Rounds<IngestSample>;
}

const PLACE = "BENCH";
const BATCHED = "stream, 100 events a message";
const SINGLE = "stream, one event a message";
const HTTP = "HTTP, batches of 100";
const READING = "interpreters alone";
const BATCH = 100;
/** Messages or requests that are under way. */
const WINDOW = 32;
const SINGLE_WINDOW = 256;
const DONE_MS_MAX = 120_000;
const REACH = 20_000;
const US_PER_MS = 1_000;
const RETRY_MS = 50;

export const section: Section<IngestBenchResult> = { name: "ingest", title: "Ingest, six sources mixed", run, verdicts };

async function run({ quick, log }: BenchRun): Promise<IngestBenchResult> {
  await using folder = await tempFolder("bench-ingest");
  await using grid = await startGrid(folder.path);
  await callGrid(grid.client, "PUT", `/v1/locations/${PLACE}`, { type: "dc", name: "Bench" });
  const events = quick ? 20_000 : 200_000;
  let round = 0;
  const contenders = [
    { name: BATCHED, measure: () => throughStream(grid, payloads(`b${round++}`, events, BATCH), BATCH, WINDOW) },
    { name: SINGLE, measure: () => throughStream(grid, payloads(`s${round++}`, events / 10, 1), 1, SINGLE_WINDOW) },
    { name: HTTP, measure: () => throughHttp(grid, payloads(`h${round++}`, events, BATCH)) },
    { name: READING, measure: () => Promise.resolve(readingAlone(events)) },
  ];
  for (const { measure } of contenders) await measure();
  const rounds = await interleave(contenders, quick ? 1 : 3, (name, { perSecond, cpuUs, others }) =>
    log(`   ${name}: ${Math.round(perSecond)}/s, ${cpuUs.toFixed(1)} us CPU, ${others} others`),
  );
  return { rounds };
}

interface Payload {
  readonly source: string;
  readonly body: string;
}

/** Each message is of one source, as messages of the stream are. */
function payloads(run: string, events: number, batch: number): Payload[] {
  const open = new Map<string, object[]>();
  const made: Payload[] = [];
  for (let number = 0; number < events; number++) {
    const { source, event } = mixedEvent(run, number, PLACE);
    const items = open.get(source) ?? [];
    items.push(event);
    open.set(source, items.length === batch ? [] : items);
    if (items.length === batch) made.push({ source, body: JSON.stringify(batch === 1 ? event : items) });
  }
  return made;
}

async function throughStream(
  grid: RunningGrid,
  messages: readonly Payload[],
  batch: number,
  window: number,
): Promise<IngestSample> {
  const connection = await connect({ servers: grid.natsUrl });
  const before = await countsOf(grid);
  const cpuBefore = cpuMs(grid.pids);
  const startedAt = performance.now();
  const stream = jetstream(connection);
  await inWindow(messages, window, async ({ source, body }) => {
    await stream.publish(`stock.ingest.${source}.${PLACE}`, body, { timeout: DONE_MS_MAX });
  });
  const events = messages.length * batch;
  const counts = await waitFor("every event to be answered", DONE_MS_MAX, async () => {
    const now = await countsOf(grid);
    return now.all - before.all >= events ? now : undefined;
  });
  const ms = performance.now() - startedAt;
  await connection.close();
  return sampleOf(events, ms, cpuMs(grid.pids) - cpuBefore, events - (counts.good - before.good));
}

async function throughHttp(grid: RunningGrid, requests: readonly Payload[]): Promise<IngestSample> {
  const cpuBefore = cpuMs(grid.pids);
  const startedAt = performance.now();
  let good = 0;
  await inWindow(requests, WINDOW, async ({ source, body }) => {
    const more = await postBatch(grid.client, source, body);
    good += more;
  });
  const events = requests.length * BATCH;
  return sampleOf(events, performance.now() - startedAt, cpuMs(grid.pids) - cpuBefore, events - good);
}

/** As a good client does: sent again after 429 and 503. */
async function postBatch(client: GridClient, source: string, body: string): Promise<number> {
  for (;;) {
    const answer = await fetch(new URL(`/v1/ingest/${source}?location=${PLACE}`, client.url), {
      method: "POST",
      headers: { "content-type": "application/cloudevents-batch+json" },
      body,
    });
    const { results } = (await answer.json()) as { results?: readonly { readonly status: string }[] };
    if (results !== undefined) return results.filter(({ status }) => status === "applied" || status === "accepted").length;
    if (answer.status !== 429 && answer.status !== 503) return 0;
    await pause(RETRY_MS);
  }
}

function readingAlone(events: number): IngestSample {
  const context = (source: (typeof MIXED_SOURCES)[number]): SourceContext => ({
    source,
    location: PLACE as LocationId,
    codes: { item: () => undefined, place: () => undefined },
    zoneOf: () => undefined,
    parseMovement,
  });
  const contexts = new Map(MIXED_SOURCES.map((source) => [source, context(source)]));
  const texts = Array.from({ length: 6_000 }, (_, number) => mixedEvent("r", number, PLACE)).map(({ source, event }) => ({
    source,
    text: JSON.stringify(event),
  }));
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  let others = 0;
  for (let number = 0; number < events; number++) {
    const { source, text } = texts[number % texts.length] as (typeof texts)[number];
    const envelope = readEnvelope(JSON.parse(text));
    const found = envelope.ok ? interpret(envelope.event, contexts.get(source) as SourceContext) : undefined;
    if (found?.kind !== "understood") others++;
  }
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  return sampleOf(events, ms, (user + system) / US_PER_MS, others);
}

function sampleOf(events: number, ms: number, cpu: number, others: number): IngestSample {
  return { perSecond: (events * 1_000) / ms, cpuUs: (cpu * US_PER_MS) / events, others };
}

/** Runs `send` for each item, at most `window` at once. */
async function inWindow<T>(items: readonly T[], window: number, send: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (const item of queue) await send(item);
  };
  await Promise.all(Array.from({ length: window }, lane));
}

interface Counts {
  readonly good: number;
  readonly all: number;
}

async function countsOf(grid: RunningGrid): Promise<Counts> {
  const text = await (await fetch(new URL("/metrics", grid.client.url))).text();
  const results = new Map<string, number>();
  for (const [, result = "", value] of text.matchAll(/^stockgrid_ingest_messages_total\{result="([a-z]+)"[^}]*\} (\d+)/gm)) {
    results.set(result, (results.get(result) ?? 0) + Number(value));
  }
  const sum = (...names: readonly string[]): number => names.reduce((total, name) => total + (results.get(name) ?? 0), 0);
  const good = sum("applied", "accepted");
  return { good, all: good + sum("rejected", "duplicate") };
}

function verdicts({ rounds }: IngestBenchResult): Verdict[] {
  const speeds = (name: string): number[] => (rounds[name] ?? []).map((sample) => sample.perSecond);
  const others = Object.values(rounds).flatMap((samples) => (samples ?? []).map((sample) => sample.others));
  const row = (name: string, isTarget: boolean): Verdict => {
    const spread = spreadOf(speeds(name));
    const reach = isTarget ? `${REACH.toLocaleString("en")} or more` : "-";
    return {
      what: `ingest events/s, ${name}`,
      reach,
      measured: formatSpread(spread),
      reached: isTarget ? spread.median >= REACH : undefined,
    };
  };
  const lost = others.reduce((sum, count) => sum + count, 0);
  return [
    row(BATCHED, true),
    row(HTTP, true),
    row(SINGLE, false),
    row(READING, false),
    { what: "events that were not applied or accepted", reach: "0", measured: String(lost), reached: lost === 0 },
  ];
}

await runWhenMain(section, import.meta.main);
