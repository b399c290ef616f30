/**
 * After the faults: the grid, asked over HTTP, and the event feed must say what the books say.
 *
 * B1. Every acknowledged reservation is there, in its last acknowledged status.
 * B2. The levels of every record are the sum of the books: nothing is oversold, and nobody holds units that no answer spoke of.
 * B3. The feed has every version of every record exactly once and in order, up to the version of the record.
 * B4. What the clients saw is linearizable, record by record.
 */

import { setTimeout as pause } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { type HistoryReport, type Levels, mustBeLinearizable, pairOf, type SplitOptions } from "../history/index.ts";
import { settle } from "./settle.ts";
import { PLACE, type Shoppers } from "./shoppers.ts";

const FEED_MS_MAX = 30_000;
const MESSAGE_MS_MAX = 5_000;

export interface BooksReport {
  readonly acknowledged: number;
  readonly refused: number;
  readonly answers: number;
  readonly lostConnections: number;
  readonly gaveUp: number;
  readonly slowestMs: number;
  readonly events: number;
  readonly history: Omit<HistoryReport, "violations">;
}

/** The addresses of servers that let everybody in, or how to connect to others. */
export type NatsAccess = string | (() => Promise<NatsConnection>);

/** Throws what does not add up. */
export async function checkBooks(
  shoppers: Shoppers,
  nats: NatsAccess,
  say: (line: string) => void,
  options: Partial<SplitOptions> = {},
): Promise<BooksReport> {
  say("settling what is unknown");
  await settle(shoppers);
  say(`checking the history of ${shoppers.recorder.calls().length} calls`);
  const { violations: _violations, ...history } = mustBeLinearizable(shoppers.recorder.calls(), options);
  say("checking the records and the feed");
  const versions = new Map<string, number>();
  for (const sku of shoppers.settings.skus) versions.set(sku, await checkRecord(shoppers, sku));
  const events = await checkFeed(nats, versions);
  const { lostConnections, gaveUp, slowestMs } = shoppers.trouble;
  const { answers, refused, books } = shoppers;
  return { acknowledged: books.acknowledged.length, refused, answers, lostConnections, gaveUp, slowestMs, events, history };
}

async function checkRecord(shoppers: Shoppers, sku: string): Promise<number> {
  const { body } = await shoppers.client().get(`/v1/stock/${sku}/${PLACE}${shoppers.settings.strictQuery ?? ""}`);
  const { onHand, held, allocated, version } = body as Levels;
  const found = JSON.stringify({ onHand, held, allocated });
  const books = shoppers.books.expected(pairOf({ sku, location: PLACE }));
  if (found !== JSON.stringify(books)) throw new Error(`${sku} is ${found}, the books say ${JSON.stringify(books)}`);
  if (onHand - held - allocated < 0) throw new Error(`${sku} is oversold: ${found}`);
  return version;
}

/** Waits until the feed has come to the end; the number of events. */
async function checkFeed(nats: NatsAccess, versions: ReadonlyMap<string, number>): Promise<number> {
  const deadline = Date.now() + FEED_MS_MAX;
  for (;;) {
    const { seen, events } = await readFeed(nats);
    const missing = [...versions].filter(([sku, version]) => seen.get(`${PLACE}/${sku}`) !== version);
    if (missing.length === 0) return events;
    if (Date.now() > deadline)
      throw new Error(`the feed ends at ${JSON.stringify([...seen])}, the records at ${JSON.stringify([...versions])}`);
    await pause(100);
  }
}

export interface EventBody {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly sku: string; readonly location: string; readonly version: number };
}

async function readFeed(nats: NatsAccess): Promise<{ seen: Map<string, number>; events: number }> {
  const seen = new Map<string, number>();
  const ids = new Set<string>();
  const events = await readEvents(nats);
  for (const event of events) follow(event, seen, ids);
  return { seen, events: events.length };
}

/** Everything that was published. Rejects when the stream does not give all that it has. */
export async function readEvents(nats: NatsAccess): Promise<readonly EventBody[]> {
  const connection = await (typeof nats === "string" ? connect({ servers: nats.split(",") }) : nats());
  try {
    const { messages } = (await (await jetstreamManager(connection)).streams.info("STOCK_EVENTS")).state;
    const consumer = await jetstream(connection).consumers.get("STOCK_EVENTS");
    const events: EventBody[] = [];
    if (messages === 0) return events;
    const incoming = await consumer.consume({ max_messages: 1_000, expires: MESSAGE_MS_MAX });
    const watch = setTimeout(() => incoming.stop(), FEED_MS_MAX);
    for await (const message of incoming) {
      events.push(message.json<EventBody>());
      if (events.length === messages) break;
    }
    clearTimeout(watch);
    if (events.length < messages) throw new Error(`the feed gives ${events.length} of its ${messages} events`);
    return events;
  } finally {
    await connection.close();
  }
}

function follow({ id, type, data }: EventBody, seen: Map<string, number>, ids: Set<string>): void {
  const record = `${data.location}/${data.sku}`;
  if (ids.has(id)) throw new Error(`event ${id} was published twice`);
  ids.add(id);
  const before = seen.get(record) ?? 0;
  if (data.version !== before + 1) throw new Error(`the feed has version ${data.version} of ${record} after ${before}`);
  if (type.includes(".oversold.")) throw new Error(`${record} was oversold at version ${data.version}`);
  seen.set(record, data.version);
}
