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

/** Throws when the grid's status is none of those the answers allow; else that is its status from now on. */
async function settleStatus(client: PatientClient, entry: Acknowledged): Promise<void> {
  const { status, body } = await client.get(`/v1/reservations/${entry.id}`);
  if (status !== 200) throw new Error(`acknowledged reservation ${entry.id} is gone: ${status}`);
  const found = body as { status: Status; lines: readonly { sku: string; quantity: number }[] };
  const allowed = new Set(entry.statuses);
  if (allowed.has("held") && entry.expiresAt <= Date.now()) {
    allowed.add("expired");
    if (entry.statuses.length === 1) allowed.delete("held");
  }
  if (!allowed.has(found.status))
    throw new Error(`reservation ${entry.id} is ${found.status}, acknowledged was ${[...allowed].join(" or ")}`);
  for (const { sku, quantity } of entry.lines) {
    const units = found.lines.find((line) => line.sku === sku)?.quantity;
    if (units !== quantity)
      throw new Error(`reservation ${entry.id} has ${units} units of ${sku}, acknowledged were ${quantity}`);
  }
  entry.statuses = [found.status];
}

async function each<T>(all: readonly T[], act: (one: T) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let one = all[next++]; one !== undefined; one = all[next++]) await act(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
