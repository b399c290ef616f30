/** After the kills: the grid, asked over HTTP, and the event feed must say what the books say. */

import { setTimeout as pause } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { Books } from "./books.ts";
import type { NodeUnderTest } from "./node-under-test.ts";
import type { Shopper } from "./shopper.ts";

const FEED_MS_MAX = 30_000;

interface RecordBody {
  readonly onHand: number;
  readonly held: number;
  readonly allocated: number;
  readonly available: number;
  readonly version: number;
}

interface EventBody {
  readonly id: string;
  readonly data: { readonly sku: string; readonly version: number; readonly record: RecordBody };
}

/** Throws what does not add up; the number of events otherwise. */
export async function checkBooks(
  node: NodeUnderTest,
  shopper: Shopper,
  books: Books,
  skus: readonly string[],
  place: string,
): Promise<number> {
  await node.ready();
  await checkReservations(shopper, books);
  const versions = new Map<string, number>();
  for (const sku of skus) versions.set(sku, (await checkRecord(shopper, books, sku, place)).version);
  return checkFeed(node.natsUrl, versions);
}

async function checkReservations(shopper: Shopper, books: Books): Promise<void> {
  const ids = new Set<string>();
  for (const { id, quantity, state } of books.acknowledged) {
    must(!ids.has(id), `two requests were answered with reservation ${id}`);
    ids.add(id);
    const { status, body } = await shopper.get(`/v1/reservations/${id}`);
    must(status === 200, `acknowledged reservation ${id} is gone: ${status}`);
    const found = body as { status: string; lines: readonly { readonly quantity: number }[] };
    must(found.status === state, `reservation ${id} is ${found.status}, acknowledged was ${state}`);
    must(
      found.lines[0]?.quantity === quantity,
      `reservation ${id} has ${found.lines[0]?.quantity} units, acknowledged were ${quantity}`,
    );
  }
}

async function checkRecord(shopper: Shopper, books: Books, sku: string, place: string): Promise<RecordBody> {
  const record = (await shopper.get(`/v1/stock/${sku}/${place}`)).body as RecordBody;
  const { held, allocated, fulfilled } = books.expected(sku);
  const onHand = (books.received.get(sku) ?? 0) - fulfilled;
  const { version: _version, ...levels } = record;
  const same = record.onHand === onHand && record.held === held && record.allocated === allocated;
  must(same, `${sku} is ${JSON.stringify(levels)}, the books say ${JSON.stringify({ onHand, held, allocated })}`);
  must(record.available === onHand - held - allocated && record.available >= 0, `${sku} is oversold: ${JSON.stringify(levels)}`);
  return record;
}

/** Every version of every record exactly once and in order; waits until the feed has come to the end. */
async function checkFeed(natsUrl: string, versions: ReadonlyMap<string, number>): Promise<number> {
  const deadline = Date.now() + FEED_MS_MAX;
  for (;;) {
    const { seen, events } = await readFeed(natsUrl);
    const missing = [...versions].filter(([sku, version]) => seen.get(sku) !== version);
    if (missing.length === 0) return events;
    must(Date.now() < deadline, `the feed ends at ${JSON.stringify([...seen])}, the records at ${JSON.stringify([...versions])}`);
    await pause(100);
  }
}

async function readFeed(natsUrl: string): Promise<{ seen: Map<string, number>; events: number }> {
  const connection = await connect({ servers: natsUrl });
  try {
    const { messages } = (await (await jetstreamManager(connection)).streams.info("STOCK_EVENTS")).state;
    const consumer = await jetstream(connection).consumers.get("STOCK_EVENTS");
    const seen = new Map<string, number>();
    const ids = new Set<string>();
    for (let events = 0; events < messages; events++) {
      const message = await consumer.next({ expires: 5_000 });
      must(message !== null, `the feed stops after ${events} of ${messages} events`);
      const { id, data } = message.json<EventBody>();
      must(!ids.has(id), `event ${id} was published twice`);
      ids.add(id);
      const before = seen.get(data.sku) ?? 0;
      must(data.version === before + 1, `the feed has version ${data.version} of ${data.sku} after ${before}`);
      seen.set(data.sku, data.version);
    }
    return { seen, events: messages };
  } finally {
    await connection.close();
  }
}

function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}
