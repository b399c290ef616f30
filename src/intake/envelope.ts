/** The envelope of every event: CloudEvents 1.0 in JSON, structured mode. */

import { parseTime } from "../forms/index.ts";
import type { SourceEvent } from "../sources/index.ts";

export type Envelope =
  | { readonly ok: true; readonly event: SourceEvent }
  | { readonly ok: false; readonly path: string; readonly reason: string };

type JsonObject = Readonly<Record<string, unknown>>;

const WHITE_SPACE = /\s/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const JSON_TYPE = /^application\/(?:[^;]+\+)?json\b/i;
const utf8 = new TextDecoder("utf-8", { fatal: true });

const wrong = (path: string, reason: string): Envelope => ({ ok: false, path, reason });

/** Extension attributes are welcome. */
export function readEnvelope(value: unknown): Envelope {
  if (!isObject(value)) return wrong("", "must be a CloudEvent, as a JSON object");
  if (value["specversion"] !== "1.0") return wrong("/specversion", 'must be "1.0"');
  for (const name of ["id", "source", "type"]) {
    if (typeof value[name] !== "string" || value[name] === "") return wrong(`/${name}`, "must be a text that is not empty");
  }
  const { id, source, time: given, datacontenttype: contentType } = value as Record<string, string>;
  if (WHITE_SPACE.test(source as string)) return wrong("/source", "must be a URI reference, without white space");
  if (contentType !== undefined && typeof contentType !== "string") return wrong("/datacontenttype", "must be a text");
  const time = given === undefined ? undefined : typeof given === "string" ? parseTime(given) : undefined;
  if (given !== undefined && time === undefined) return wrong("/time", "must be a time of RFC 3339");
  const data = dataOf(value, contentType);
  if (!data.ok) return data;
  return { ok: true, event: { id: id as string, source: source as string, time, contentType, data: data.value } };
}

type Data = { readonly ok: true; readonly value: unknown } | Extract<Envelope, { ok: false }>;

function dataOf(event: JsonObject, contentType: string | undefined): Data {
  const encoded = event["data_base64"];
  if (encoded === undefined) return { ok: true, value: event["data"] };
  if (event["data"] !== undefined) return { ok: false, path: "/data_base64", reason: "must not be there together with data" };
  if (typeof encoded !== "string" || !BASE64.test(encoded)) return { ok: false, path: "/data_base64", reason: "must be base64" };
  try {
    const text = utf8.decode(Buffer.from(encoded, "base64"));
    return { ok: true, value: JSON_TYPE.test(contentType ?? "application/json") ? JSON.parse(text) : text };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) {
      return { ok: false, path: "/data_base64", reason: "must be UTF-8, and JSON when datacontenttype says so" };
    }
    throw error;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
