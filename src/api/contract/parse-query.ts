/** Questions: availability, stock, and the `{id}` and `idempotencyKey` that NATS carries in the body. */

import type { LocationId, Sku } from "../../base/index.ts";
import { bad, checked, checkOf, good, type Parsed } from "./check.ts";
import { idError } from "./check-text.ts";
import { AVAILABILITY_LOCATIONS_MAX, AVAILABILITY_SKUS_MAX } from "./limits.ts";
import { type FieldError, invalidRequest, type Problem, problem } from "./problems.ts";
import { AvailabilitySchema, CONSISTENCIES, StockQuerySchema } from "./schemas/index.ts";

const availability = checkOf(AvailabilitySchema);
const stockQuery = checkOf(StockQuerySchema);

export interface AvailabilityQuery {
  /** Without repeats. */
  readonly skus: readonly Sku[];
  readonly locations: readonly LocationId[] | undefined;
}

export function parseAvailability(body: unknown): Parsed<AvailabilityQuery> {
  const tooLarge = tooManyNames(body);
  if (tooLarge !== undefined) return bad(tooLarge);
  const read = checked(availability, body);
  if (!read.ok) return read;
  const { skus, locations } = read.value;
  const error = namesError("/skus", skus) ?? namesError("/locations", locations ?? []);
  if (error !== undefined) return bad(invalidRequest([error]));
  return good({
    skus: [...new Set(skus)] as Sku[],
    locations: locations === undefined ? undefined : ([...new Set(locations)] as LocationId[]),
  });
}

function tooManyNames(body: unknown): Problem | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const { skus, locations } = body as { readonly skus?: unknown; readonly locations?: unknown };
  return listTooLarge("SKUs", skus, AVAILABILITY_SKUS_MAX) ?? listTooLarge("locations", locations, AVAILABILITY_LOCATIONS_MAX);
}

function listTooLarge(what: string, list: unknown, max: number): Problem | undefined {
  if (!Array.isArray(list) || list.length <= max) return undefined;
  return problem("payload-too-large", `${list.length} ${what} were named, at most ${max} are answered at once`);
}

function namesError(path: string, names: readonly string[]): FieldError | undefined {
  for (let i = 0; i < names.length; i++) {
    const error = idError(`${path}/${i}`, names[i] as string);
    if (error !== undefined) return error;
  }
  return undefined;
}

export interface StockQuery {
  readonly sku: Sku;
  readonly location: LocationId | undefined;
  readonly strict: boolean;
}

export function parseStockQuery(body: unknown): Parsed<StockQuery> {
  const read = checked(stockQuery, body);
  if (!read.ok) return read;
  const { sku, location, consistency } = read.value;
  const error = idError("/sku", sku) ?? (location === undefined ? undefined : idError("/location", location));
  return error === undefined
    ? good({ sku: sku as Sku, location: location as LocationId | undefined, strict: consistency === "strict" })
    : bad(invalidRequest([error]));
}

/** The parameter `consistency` of a query, as Fastify parses it: whether a strict read is wanted. */
export function parseConsistency(query: unknown): Parsed<boolean> {
  const { consistency = "default" } = query as { readonly consistency?: unknown };
  if (consistency === "default" || consistency === "strict") return good(consistency === "strict");
  return bad(invalidRequest([{ path: "query consistency", message: `must be one of ${CONSISTENCIES.join(", ")}` }]));
}

export interface Envelope {
  /** The body as HTTP has it. */
  readonly body: unknown;
  readonly id: string | undefined;
  readonly key: string | undefined;
}

/** Takes `id` (when wanted) and `idempotencyKey` out of a NATS body, so that the rest equals the body of the same HTTP request. */
export function parseEnvelope(value: unknown, wantsId: boolean): Parsed<Envelope> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return bad(invalidRequest([{ path: "", message: "must be object" }]));
  }
  const { idempotencyKey: key, ...rest } = value as Readonly<Record<string, unknown>>;
  if (key !== undefined && typeof key !== "string")
    return bad(invalidRequest([{ path: "/idempotencyKey", message: "must be string" }]));
  if (!wantsId) return good({ body: key === undefined ? value : rest, id: undefined, key });
  const { id, ...body } = rest;
  if (typeof id !== "string") return bad(invalidRequest([{ path: "/id", message: "must be string" }]));
  return good({ body, id, key });
}
