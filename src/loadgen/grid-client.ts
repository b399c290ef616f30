/** The few calls that a load test makes besides the load: prepare stock, read it back, give it back. */

import { pathUnder, type ReservationLoad, skuOf } from "./reservation-load.ts";

export interface GridClient {
  readonly url: URL;
  /** Sent with every call, such as the API key. */
  readonly headers: Readonly<Record<string, string>>;
}

interface MovementAnswer {
  readonly results: readonly {
    readonly id: string;
    readonly status: string;
    readonly problem?: { readonly title?: string; readonly detail?: string };
  }[];
}

export interface StockLevels {
  readonly onHand: number;
  readonly held: number;
  readonly available: number;
}

const MOVEMENTS_A_CALL = 1000;
const SKUS_A_CALL = 1000;

/** One call; resolves to the parsed body. Rejects on any status from 400, with the server's own words. */
export async function callGrid<T>(client: GridClient, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(new URL(pathUnder(client.url, path), client.url), {
    method,
    headers: body === undefined ? client.headers : { ...client.headers, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    throw new Error(`${client.url.origin} cannot be reached`, { cause: error instanceof Error ? (error.cause ?? error) : error });
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text.slice(0, 400)}`);
  return JSON.parse(text) as T;
}

/** Creates the location of the load and receives `units` of every SKU. Safe to repeat with the same `runId`. */
export async function loadStock(client: GridClient, load: ReservationLoad, units: number, runId: string): Promise<void> {
  await callGrid(client, "PUT", `/v1/locations/${encodeURIComponent(load.location)}`, {
    type: "virtual",
    name: "Load test",
  });
  await moveAll(client, load, (sku) => ({ id: `${runId}-in-${sku}`, type: "receipt", quantity: units }));
}

/** Counts every SKU of the load down to nothing. */
export async function clearStock(client: GridClient, load: ReservationLoad, runId: string): Promise<void> {
  await moveAll(client, load, (sku) => ({ id: `${runId}-out-${sku}`, type: "count", quantity: 0 }));
}

type MovementForm = { readonly id: string; readonly type: "receipt" | "count"; readonly quantity: number };

async function moveAll(client: GridClient, load: ReservationLoad, form: (sku: string) => MovementForm): Promise<void> {
  for (let from = 0; from < load.skus; from += MOVEMENTS_A_CALL) {
    const length = Math.min(MOVEMENTS_A_CALL, load.skus - from);
    const movements = Array.from({ length }, (_, offset) => {
      const sku = skuOf(load, from + offset);
      return { ...form(sku), sku, location: load.location };
    });
    const { results } = await callGrid<MovementAnswer>(client, "POST", "/v1/movements", movements);
    const bad = results.find((result) => result.status === "rejected");
    if (bad !== undefined) throw new Error(`movement ${bad.id} was rejected: ${bad.problem?.detail ?? "no reason given"}`);
  }
}

/** Sums over all records of the load, so that what was promised can be compared with what the books say. */
export async function stockOfLoad(client: GridClient, load: ReservationLoad): Promise<StockLevels> {
  const sum = { onHand: 0, held: 0, available: 0 };
  for (let from = 0; from < load.skus; from += SKUS_A_CALL) {
    const length = Math.min(SKUS_A_CALL, load.skus - from);
    const levels = await Promise.all(
      Array.from({ length }, (_, offset) => levelsOf(client, skuOf(load, from + offset), load.location)),
    );
    for (const level of levels) {
      sum.onHand += level.onHand;
      sum.held += level.held;
      sum.available += level.available;
    }
  }
  return sum;
}

function levelsOf(client: GridClient, sku: string, location: string): Promise<StockLevels> {
  return callGrid(client, "GET", `/v1/stock/${encodeURIComponent(sku)}/${encodeURIComponent(location)}`);
}

/** Releases reservations, `atOnce` at a time; resolves to how many were released. One that has expired meanwhile counts too. */
export async function releaseAll(client: GridClient, ids: readonly string[], atOnce: number): Promise<number> {
  let next = 0;
  let released = 0;
  const worker = async (): Promise<void> => {
    while (next < ids.length) {
      const id = ids[next++] as string;
      await callGrid(client, "POST", `/v1/reservations/${encodeURIComponent(id)}/release`, {});
      released++;
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, ids.length) }, worker));
  return released;
}
