/**
 * The requests of the fuzz run. All are built on SKUs and locations that do not exist, so that even a mutation that happens
 * to be well formed has nothing to change; a grid that lets one through shows it in its stock.
 */

import { headers, type MsgHdrs } from "@nats-io/transport-node";
import { Packr } from "msgpackr";
import type { Random } from "../../src/ports/index.ts";
import { mutateBytes, mutateJson, pick, randomBytes } from "./mutate.ts";

const SKU = "FUZZ-SKU";
const LOCATION = "FUZZ-NOWHERE";
const ID = "0mb3k2f1a00000001-deadbeef";
const LINE = { sku: SKU, location: LOCATION, quantity: 1 };
const MOVEMENT = { id: "fuzz-1", type: "receipt", ...LINE, occurredAt: "2026-01-01T00:00:00Z", reason: "fuzz" };

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

const HTTP_CALLS: readonly Call[] = [
  { method: "POST", path: "/v1/reservations", body: { ...LINE, ttlSeconds: 60, reference: "r", channel: "web" } },
  { method: "POST", path: "/v1/reservations", body: { lines: [LINE, LINE], mode: "partial", ttlSeconds: 60 } },
  { method: "POST", path: "/v1/movements", body: MOVEMENT },
  { method: "POST", path: "/v1/movements", body: [MOVEMENT, { ...MOVEMENT, id: "fuzz-2", type: "count" }] },
  { method: "POST", path: "/v1/availability", body: { skus: [SKU], locations: [LOCATION] } },
  { method: "POST", path: `/v1/reservations/${ID}/confirm`, body: { lines: [LINE] } },
  { method: "POST", path: `/v1/reservations/${ID}/release`, body: {} },
  { method: "POST", path: `/v1/reservations/${ID}/extend`, body: { ttlSeconds: 60 } },
  { method: "POST", path: `/v1/reservations/${ID}/fulfill`, body: { lines: [LINE] } },
  { method: "PUT", path: `/v1/locations/${LOCATION}`, body: { type: "fuzz", name: 7 } },
  { method: "GET", path: `/v1/stock/${SKU}`, body: undefined },
  { method: "GET", path: `/v1/stock/${SKU}/${LOCATION}`, body: undefined },
  { method: "GET", path: `/v1/reservations/${ID}`, body: undefined },
];

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
const CONTENT_TYPES = [
  "application/json",
  "application/json; charset=utf-16",
  "text/plain",
  "application/msgpack",
  "multipart/form-data",
  "x",
];
const PATH_PARTS = [
  "..",
  ".",
  "%00",
  "%",
  "%2e%2e",
  "%zz",
  "",
  "x".repeat(300),
  "%F0%9F%93%A6",
  "'",
  '"',
  "<script>",
  "*",
  ">",
  "?a=b&a=c",
];
const RANDOM_BYTES_MAX = 200;

/** A well-framed HTTP request whose method, path, headers or body is wrong. */
export function httpRequest(random: Random, host: string): Buffer {
  const call = pick(random, HTTP_CALLS);
  const odd = random.uint32() % 8;
  const method = odd === 0 ? pick(random, METHODS) : call.method;
  const path = odd === 1 ? mutatedPath(random, call.path) : call.path;
  const type = odd === 2 ? pick(random, CONTENT_TYPES) : "application/json";
  const key = odd === 3 ? `Idempotency-Key: ${"k".repeat(random.uint32() % 400)}\r\n` : "";
  const body = call.body === undefined ? Buffer.alloc(0) : mutatedBody(random, call.body);
  const head = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: ${type}\r\n${key}Content-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), body]);
}

function mutatedPath(random: Random, path: string): string {
  const parts = path.split("/");
  parts[2 + (random.uint32() % (parts.length - 2))] = pick(random, PATH_PARTS);
  return parts.join("/");
}

function mutatedBody(random: Random, body: unknown): Buffer {
  const kind = random.uint32() % 4;
  if (kind === 0) return randomBytes(random, RANDOM_BYTES_MAX);
  if (kind === 1) return mutateBytes(random, Buffer.from(JSON.stringify(body)));
  return Buffer.from(JSON.stringify(mutateJson(random, body)) ?? "");
}

const NATS_CALLS: readonly { readonly subject: string; readonly body: unknown }[] = [
  { subject: "reservations.create", body: { ...LINE, ttlSeconds: 60, idempotencyKey: "k" } },
  { subject: "reservations.create", body: [LINE, { lines: [LINE] }] },
  { subject: "reservations.get", body: { id: ID } },
  { subject: "reservations.confirm", body: { id: ID, lines: [LINE] } },
  { subject: "reservations.release", body: [{ id: ID }] },
  { subject: "reservations.extend", body: { id: ID, ttlSeconds: 60 } },
  { subject: "reservations.fulfill", body: { id: ID } },
  { subject: "movements.apply", body: [MOVEMENT] },
  { subject: "stock.get", body: { sku: SKU, location: LOCATION } },
  { subject: "availability.get", body: { skus: [SKU] } },
];

export interface NatsRequest {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: MsgHdrs | undefined;
}

const packr = new Packr({ useRecords: false });

/** A message to one of the grid's subjects whose body is wrong, in JSON or msgpack. */
export function natsRequest(random: Random): NatsRequest {
  const call = pick(random, NATS_CALLS);
  const subject = `stockgrid.v1.${call.subject}`;
  if (random.uint32() % 2 === 0) return { subject, payload: mutatedBody(random, call.body), headers: undefined };
  const asMsgpack = headers();
  asMsgpack.set("Content-Type", "application/msgpack");
  const packed = packr.pack(random.uint32() % 2 === 0 ? mutateJson(random, call.body) : call.body);
  const payload = random.uint32() % 2 === 0 ? mutateBytes(random, packed) : packed;
  return { subject, payload, headers: asMsgpack };
}
