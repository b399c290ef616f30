/** Every call of the API, in both of its forms: a path of HTTP, and a subject of NATS under `stockgrid.v1.`. */

import { hash32 } from "../base/index.ts";
import type { AvailabilityQuery, Line, LocationBody, Movement, Reserve } from "./bodies.ts";

export interface HttpForm {
  readonly method: "GET" | "POST" | "PUT";
  readonly path: string;
  readonly body?: unknown;
}

export interface NatsForm {
  /** Without `stockgrid.v1.`. */
  readonly subject: string;
  readonly body: unknown;
}

export interface Call {
  /** For people. */
  readonly name: string;
  /** Undefined where HTTP has none. */
  readonly http: HttpForm | undefined;
  /** Undefined where NATS has none. */
  readonly nats: NatsForm | undefined;
  readonly idempotencyKey?: string | undefined;
  /** Hash of the SKU whose shard this is about; undefined when there is no single one. */
  readonly hash?: number | undefined;
}

export type Transition = "confirm" | "release" | "extend" | "fulfill";

export function reserveCall(body: Reserve, idempotencyKey: string): Call {
  return {
    name: "reserve",
    http: { method: "POST", path: "/v1/reservations", body },
    nats: { subject: "reservations.create", body: { ...body, idempotencyKey } },
    idempotencyKey,
    hash: hashOfReserve(body),
  };
}

/** The bodies carry their keys. NATS alone takes many at once. */
export function reserveManyCall(bodies: readonly Reserve[], hash: number | undefined): Call {
  return { name: "reserveMany", http: undefined, nats: { subject: "reservations.create", body: bodies }, hash };
}

export function getCall(id: string): Call {
  return {
    name: "get",
    http: { method: "GET", path: `/v1/reservations/${encodeURIComponent(id)}` },
    nats: { subject: "reservations.get", body: { id } },
    hash: hashOfReservationId(id),
  };
}

export function transitionCall(
  transition: Transition,
  id: string,
  body: { readonly lines?: readonly Line[] | undefined; readonly ttlSeconds?: number },
  idempotencyKey: string,
): Call {
  const sent = body.lines === undefined ? omitLines(body) : body;
  return {
    name: transition,
    http: { method: "POST", path: `/v1/reservations/${encodeURIComponent(id)}/${transition}`, body: sent },
    nats: { subject: `reservations.${transition}`, body: { id, ...sent, idempotencyKey } },
    idempotencyKey,
    hash: hashOfReservationId(id),
  };
}

/** msgpack would send it as nil, which is no absent member. */
function omitLines({ lines: _, ...rest }: { readonly lines?: unknown }): object {
  return rest;
}

export function movementsCall(movements: readonly Movement[], hash: number | undefined): Call {
  return {
    name: "applyMovements",
    http: { method: "POST", path: "/v1/movements", body: movements },
    nats: { subject: "movements.apply", body: movements },
    hash,
  };
}

export function stockCall(sku: string, location: string | undefined): Call {
  const path = `/v1/stock/${encodeURIComponent(sku)}`;
  return {
    name: location === undefined ? "stock" : "record",
    http: { method: "GET", path: location === undefined ? path : `${path}/${encodeURIComponent(location)}` },
    nats: { subject: "stock.get", body: location === undefined ? { sku } : { sku, location } },
    hash: hash32(sku),
  };
}

export function availabilityCall(query: AvailabilityQuery): Call {
  const [only, ...others] = query.skus;
  return {
    name: "availability",
    http: { method: "POST", path: "/v1/availability", body: query },
    nats: { subject: "availability.get", body: query },
    hash: only === undefined || others.length > 0 ? undefined : hash32(only),
  };
}

export function putLocationCall(id: string, body: LocationBody): Call {
  const path = `/v1/locations/${encodeURIComponent(id)}`;
  return { name: "putLocation", http: { method: "PUT", path, body }, nats: undefined };
}

export function locationCall(id: string): Call {
  return { name: "location", http: { method: "GET", path: `/v1/locations/${encodeURIComponent(id)}` }, nats: undefined };
}

export function locationsCall(after: string | undefined, limit: number | undefined): Call {
  const query = new URLSearchParams();
  if (after !== undefined) query.set("after", after);
  if (limit !== undefined) query.set("limit", String(limit));
  const tail = query.size === 0 ? "" : `?${query}`;
  return { name: "locations", http: { method: "GET", path: `/v1/locations${tail}` }, nats: undefined };
}

export function readyCall(): Call {
  return { name: "ready", http: { method: "GET", path: "/readyz" }, nats: undefined };
}

/** A reservation lives in the shard of its first SKU in sorted order. */
export function hashOfReserve(body: Reserve): number {
  if ("sku" in body) return hash32(body.sku);
  let first = body.lines[0]?.sku ?? "";
  for (const { sku } of body.lines) if (sku < first) first = sku;
  return hash32(first);
}

/** The hash in the last eight hex digits; undefined when the text is no reservation id. */
export function hashOfReservationId(id: string): number | undefined {
  const digits = /-([0-9a-f]{8})$/.exec(id)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}
