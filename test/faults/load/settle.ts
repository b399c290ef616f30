/**
 * When the faults are over: finds out what became of the calls whose outcome is unknown, so that the books are exact again.
 *
 * A reservation is asked for once more under its key: 200 says that it had been made, 201 that it had not, and then it is released.
 */

import { setTimeout as pause } from "node:timers/promises";
import type { Acknowledged, Status } from "./books.ts";
import type { PatientClient } from "./client.ts";
import type { Shoppers } from "./shoppers.ts";

/** How long after its time a hold may still be there. */
const EXPIRY_LATE_MS = 2_000;
/** A hold that is there so long after its time is left behind. */
const LEFT_BEHIND_MS = 15_000;
const AT_ONCE = 16;

export async function settle(shoppers: Shoppers): Promise<void> {
  const client = shoppers.client();
  for (const doubt of shoppers.books.doubts) {
    const { status, body } = await client.post("/v1/reservations", doubt.body, doubt.key);
    if (status !== 200 && status !== 201) continue;
    const { id, expiresAt } = body as { id: string; expiresAt: string };
    doubt.open.answered({ kind: "reserved", id, expiresAt: Date.parse(expiresAt) });
    shoppers.books.reserved(id, doubt.lines, Date.parse(expiresAt));
  }
  for (const { body, line, open } of shoppers.books.movements) {
    const { status } = await client.post("/v1/movements", body);
    if (status !== 200) throw new Error(`a movement could not be settled: ${status}`);
    open.answered({ kind: "done" });
    shoppers.books.received(line);
  }
  await passExpiries(shoppers);
  await each(shoppers.books.acknowledged, (entry) => settleStatus(client, entry));
}

/** Waits until the last short hold must have ended. */
async function passExpiries({ books }: Shoppers): Promise<void> {
  const now = Date.now();
  const ends = books.acknowledged
    .filter(({ statuses }) => statuses.includes("held"))
    .map(({ expiresAt }) => expiresAt + EXPIRY_LATE_MS)
    .filter((at) => at < now + 60_000);
  await pause(Math.max(0, ...ends.map((at) => at - now)));
}

/** Asks again for a while when a hold is still there after its time, to tell one that ends late from one that never ends. */
async function settleStatus(client: PatientClient, entry: Acknowledged): Promise<void> {
  const deadline = Date.now() + LEFT_BEHIND_MS;
  for (;;) {
    const wrong = await wrongWith(client, entry);
    if (wrong === undefined) return;
    if (Date.now() > deadline || !wrong.isHeldTooLong) throw new Error(wrong.text);
    await pause(200);
  }
}

interface Wrong {
  readonly text: string;
  readonly isHeldTooLong: boolean;
}

/** Undefined when the grid's status is one that the answers allow: it is the only one from now on. */
async function wrongWith(client: PatientClient, entry: Acknowledged): Promise<Wrong | undefined> {
  const { status, body } = await client.get(`/v1/reservations/${entry.id}`);
  if (status !== 200) return { text: `acknowledged reservation ${entry.id} is gone: ${status}`, isHeldTooLong: false };
  const found = body as { status: Status; lines: readonly { sku: string; quantity: number }[] };
  const allowed = allowedStatuses(entry);
  if (!allowed.has(found.status)) {
    const lateMs = Date.now() - entry.expiresAt;
    const late = entry.statuses.includes("held") && lateMs > 0 ? `, ${lateMs} ms after its time` : "";
    const text = `reservation ${entry.id} is ${found.status}${late}, acknowledged was ${[...allowed].join(" or ")}`;
    return { text, isHeldTooLong: found.status === "held" && late !== "" };
  }
  for (const { sku, quantity } of entry.lines) {
    const units = found.lines.find((line) => line.sku === sku)?.quantity;
    if (units === quantity) continue;
    return { text: `reservation ${entry.id} has ${units} units of ${sku}, acknowledged were ${quantity}`, isHeldTooLong: false };
  }
  entry.statuses = [found.status];
  return undefined;
}

function allowedStatuses({ statuses, expiresAt }: Acknowledged): ReadonlySet<Status> {
  const isOver = statuses.includes("held") && expiresAt <= Date.now();
  if (!isOver) return new Set(statuses);
  const others = statuses.filter((status) => status !== "held");
  return new Set<Status>([...others, "expired", ...(statuses.length > 1 ? (["held"] as const) : [])]);
}

async function each<T>(all: readonly T[], act: (one: T) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let one = all[next++]; one !== undefined; one = all[next++]) await act(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
