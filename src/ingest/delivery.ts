/** One message of the inbound stream, read into the events that it holds: one CloudEvent, or a batch of them as a JSON array. */

import type { LocationId } from "../base/index.ts";
import type { Arrival } from "../intake/index.ts";
import { placeOf } from "./subject.ts";

export interface Delivery {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly seq: number;
}

/** Events of one message. */
export const BATCH_MAX = 10_000;

export type Read =
  | { readonly ok: true; readonly arrivals: readonly Arrival[] }
  /** `arrival`: the message as a whole. */
  | { readonly ok: false; readonly arrival: Arrival; readonly reason: string };

const encoder = new TextEncoder();
const utf8 = new TextDecoder("utf-8", { fatal: true });

export function readDelivery({ subject, data, seq }: Delivery): Read {
  const place = placeOf(subject);
  const shared = { source: place.source, subject };
  const whole = { ...shared, value: undefined, key: `ingest-${seq}`, bytes: () => data };
  if (!place.ok) return { ok: false, arrival: whole, reason: place.reason };
  const there = { ...shared, location: place.location as LocationId };
  const value = parseJson(data);
  if (value === undefined) return { ok: false, arrival: { ...whole, ...there }, reason: "the message is not JSON in UTF-8" };
  if (!Array.isArray(value)) return { ok: true, arrivals: [{ ...there, value, key: `ingest-${seq}`, bytes: () => data }] };
  if (value.length === 0 || value.length > BATCH_MAX) {
    return {
      ok: false,
      arrival: { ...whole, ...there },
      reason: `a batch must have 1 to ${BATCH_MAX} events, not ${value.length}`,
    };
  }
  const arrivals = (value as readonly unknown[]).map((item, index) => ({
    ...{ ...there, value: item, key: `ingest-${seq}-${index}` },
    bytes: () => encoder.encode(JSON.stringify(item)),
  }));
  return { ok: true, arrivals };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
