/** Bodies about reservations, read into commands. The value must be as parsed, untouched: the fingerprint is taken over it. */

import { type LocationId, QUANTITY_MAX, type Sku } from "../../base/index.ts";
import type { IdempotencyKey, Reserve, Transit } from "../../member/index.ts";
import type { LinePart } from "../../reservation/index.ts";
import { bad, type Check, checked, checkOf, good, type Parsed } from "./check.ts";
import { idError, keyError, parseReservationId, textError } from "./check-text.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { RESERVATION_LINES_MAX, TTL_SECONDS_DEFAULT } from "./limits.ts";
import { type FieldError, invalidRequest } from "./problems.ts";
import {
  ExtendSchema,
  type LinePartBody,
  type ReserveBody,
  ReserveLinesSchema,
  ReserveOneSchema,
  TransitLinesSchema,
} from "./schemas/index.ts";

const reserveOne = checkOf(ReserveOneSchema);
const reserveLines = checkOf(ReserveLinesSchema);
const transitLines = checkOf(TransitLinesSchema);
const extend = checkOf(ExtendSchema);

const MS_PER_SECOND = 1_000;

/** `key` is the idempotency key, if there is one. O(lines). */
export function parseReserve(body: unknown, key: string | undefined): Parsed<Reserve> {
  const tooMany = lineCountError(body);
  if (tooMany !== undefined) return bad(invalidRequest([tooMany]));
  const form: Check<ReserveBody> = hasLines(body) ? reserveLines : reserveOne;
  if (!form.passes(body)) return bad(invalidRequest(form.errors(body)));
  const lines = "lines" in body ? partsOf(body.lines) : [partOf(body)];
  const error =
    ("lines" in body ? linesError(body.lines) : lineError("", body)) ??
    textError("/reference", body.reference) ??
    textError("/channel", body.channel) ??
    idempotencyError(key);
  if (error !== undefined) return bad(invalidRequest([error]));
  return good({
    lines,
    mode: body.mode ?? "all",
    ttlMs: (body.ttlSeconds ?? TTL_SECONDS_DEFAULT) * MS_PER_SECOND,
    reference: body.reference,
    channel: body.channel,
    idempotency: idempotencyOf("reserve", "", body, key),
  });
}

/** An absent body means all of it, for all but `extend`. */
export function parseTransit(
  transition: Transit["transition"],
  id: string,
  body: unknown,
  key: string | undefined,
): Parsed<Transit> {
  const known = parseReservationId(id);
  const details = transition === "extend" ? parseExtend(body) : parseLines(body ?? {});
  if (!details.ok) return details;
  const error = idempotencyError(key);
  if (error !== undefined) return bad(invalidRequest([error]));
  if (!known.ok) return known;
  const idempotency = idempotencyOf(transition, id, body ?? {}, key);
  return good({ id: known.value, transition, ...details.value, idempotency });
}

function parseExtend(body: unknown): Parsed<Pick<Transit, "ttlMs">> {
  const read = checked(extend, body);
  return read.ok ? good({ ttlMs: read.value.ttlSeconds * MS_PER_SECOND }) : read;
}

function parseLines(body: unknown): Parsed<Pick<Transit, "lines">> {
  const tooMany = lineCountError(body);
  if (tooMany !== undefined) return bad(invalidRequest([tooMany]));
  const read = checked(transitLines, body);
  if (!read.ok) return read;
  const { lines } = read.value;
  if (lines === undefined) return good({});
  const error = linesError(lines);
  return error === undefined ? good({ lines: partsOf(lines) }) : bad(invalidRequest([error]));
}

function idempotencyOf(operation: string, id: string, body: unknown, key: string | undefined): IdempotencyKey | undefined {
  return key === undefined ? undefined : { key, fingerprint: fingerprintOf(operation, id, body) };
}

const idempotencyError = (key: string | undefined): FieldError | undefined =>
  key === undefined ? undefined : keyError("idempotencyKey", key);

const hasLines = (body: unknown): boolean => typeof body === "object" && body !== null && "lines" in body;

/** Looked at before the schema, so that a list of a million lines is not described line by line. */
function lineCountError(body: unknown): FieldError | undefined {
  if (!hasLines(body)) return undefined;
  const { lines } = body as { lines: unknown };
  if (!Array.isArray(lines) || lines.length <= RESERVATION_LINES_MAX) return undefined;
  return { path: "/lines", message: `must have at most ${RESERVATION_LINES_MAX} items` };
}

function partOf(line: LinePartBody): LinePart {
  return { sku: line.sku as Sku, location: line.location as LocationId, quantity: line.quantity };
}

const partsOf = (lines: readonly LinePartBody[]): LinePart[] => lines.map(partOf);

function lineError(path: string, line: LinePartBody): FieldError | undefined {
  return idError(`${path}/sku`, line.sku) ?? idError(`${path}/location`, line.location);
}

function linesError(lines: readonly LinePartBody[]): FieldError | undefined {
  for (let i = 0; i < lines.length; i++) {
    const error = lineError(`/lines/${i}`, lines[i] as LinePartBody);
    if (error !== undefined) return error;
  }
  return lines.length === 1 ? undefined : sumError(lines);
}

/** Lines of one SKU and location are one line to the grid, so their sum obeys the bound of a quantity. */
function sumError(lines: readonly LinePartBody[]): FieldError | undefined {
  const units = new Map<string, number>();
  for (const { sku, location, quantity } of lines) {
    const place = `${sku}\u0000${location}`;
    const sum = (units.get(place) ?? 0) + quantity;
    if (sum > QUANTITY_MAX)
      return { path: "/lines", message: `must not sum to more than ${QUANTITY_MAX} units of one SKU at one location` };
    units.set(place, sum);
  }
  return undefined;
}
