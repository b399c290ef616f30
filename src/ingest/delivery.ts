/**
 * One message of the inbound stream, read into a movement: its subject, its CloudEvents envelope, and the movement within.
 *
 * What a movement looks like is the public contract's business; its parser comes in as a function.
 */

import type { Movement } from "../stock/index.ts";

/** Reads a movement from a parsed JSON value, by the rules of every other front end. */
export type MovementParser = (
  item: unknown,
) => { readonly ok: true; readonly value: Movement } | { readonly ok: false; readonly problem: { readonly detail: string } };

/** A movement, or why the message holds none. */
export type Read = { readonly ok: true; readonly movement: Movement } | { readonly ok: false; readonly reason: string };

const SOURCES: ReadonlySet<string> = new Set(["pos", "ecommerce", "wms", "rfid", "supplier", "returns"]);
const SUBJECT_TOKENS = 4;
const WHITE_SPACE = /\s/;

const unreadable = (reason: string): { readonly ok: false; readonly reason: string } => ({ ok: false, reason });

export function readDelivery(subject: string, bytes: Uint8Array, parseMovement: MovementParser): Read {
  const place = locationOf(subject);
  if (!place.ok) return place;
  const event = objectOf(parseJson(bytes));
  if (event === undefined) return unreadable("the message is not a JSON object in UTF-8");
  const envelope = envelopeProblem(event);
  if (envelope !== undefined) return unreadable(envelope);
  const data = objectOf(event["data"]);
  if (data === undefined) return unreadable("data must be a movement, as a JSON object");
  const parsed = parseMovement({ id: eventKey(event), ...data });
  if (!parsed.ok) return unreadable(`data: ${parsed.problem.detail}`);
  if (parsed.value.location !== place.location) return unreadable("the location of the movement is not the one of the subject");
  return { ok: true, movement: parsed.value };
}

type Place = { readonly ok: true; readonly location: string } | { readonly ok: false; readonly reason: string };

/** The location named by `stock.ingest.<source>.<location>`. */
function locationOf(subject: string): Place {
  const tokens = subject.split(".");
  const [, , source = "", token = ""] = tokens;
  if (tokens.length !== SUBJECT_TOKENS) return unreadable("the subject must be stock.ingest.<source>.<location>");
  if (!SOURCES.has(source)) return unreadable(`the source in the subject must be one of ${[...SOURCES].join(", ")}`);
  const location = decoded(token);
  return location === undefined ? unreadable("the location in the subject is not percent-encoded UTF-8") : { ok: true, location };
}

function decoded(token: string): string | undefined {
  try {
    return decodeURIComponent(token);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** What CloudEvents 1.0 demands and this event lacks. Extension attributes are welcome. */
function envelopeProblem(event: JsonObject): string | undefined {
  if (event["specversion"] !== "1.0") return 'specversion must be "1.0"';
  const lacking = ["id", "source", "type"].find((name) => typeof event[name] !== "string" || event[name] === "");
  if (lacking !== undefined) return `${lacking} must be a text that is not empty`;
  return WHITE_SPACE.test(event["source"] as string) ? "source must be a URI reference, without white space" : undefined;
}

/** CloudEvents makes source and id together unique; the source has no white space, so two pairs never give one key. */
function eventKey(event: JsonObject): string {
  return `${event["source"]} ${event["id"]}`;
}
