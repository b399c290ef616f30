/**
 * The one table of problems: what can go wrong at an edge, with the status and title that never change for a slug.
 *
 * P1. The table, the pages in docs/errors and the slugs of the contract are the same set; a test keeps them so.
 * P2. `type` and `status` are contract; `title` and `detail` are for people and may be reworded.
 */

import type { ReservationId } from "../../base/index.ts";
import { FIELD_ERRORS_MAX, type FieldError } from "../../forms/index.ts";
import type { Shortage } from "../../member/index.ts";

export type { FieldError } from "../../forms/index.ts";

export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** What is said when there is nothing more precise to say. */
  readonly detail: string;
}

export const PROBLEMS = {
  "invalid-request": {
    status: 400,
    title: "The request is not valid",
    detail: "the request does not have the form that this operation takes",
  },
  unauthorized: {
    status: 401,
    title: "An API key is needed",
    detail: "send a known key as Authorization: Bearer <key> or X-API-Key",
  },
  forbidden: { status: 403, title: "The API key may not do this", detail: "the key lacks the scope of this operation" },
  "not-found": { status: 404, title: "There is no such thing", detail: "nothing is known by this name" },
  "method-not-allowed": {
    status: 405,
    title: "The method is not allowed here",
    detail: "this path takes the methods that the Allow header lists",
  },
  "insufficient-stock": {
    status: 409,
    title: "Not enough units are available",
    detail: "nothing was held; `shortages` tells what is available",
  },
  "reservation-expired": {
    status: 409,
    title: "The reservation has expired",
    detail: "its units are for sale again; make a new one",
  },
  "reservation-released": {
    status: 409,
    title: "The reservation was released",
    detail: "its units are for sale again; make a new one",
  },
  conflict: { status: 409, title: "The state does not allow this", detail: "what was asked does not fit the state as it is now" },
  "payload-too-large": { status: 413, title: "The request is too large", detail: "send it in smaller parts" },
  "unsupported-media-type": { status: 415, title: "The body is of an unknown type", detail: "send application/json" },
  "idempotency-key-reused": {
    status: 422,
    title: "The idempotency key was used with another body",
    detail: "send the first body again, or a new key",
  },
  "too-many-requests": { status: 429, title: "Too many requests", detail: "nothing was done; retry after the time given" },
  "internal-error": {
    status: 500,
    title: "The server failed",
    detail: "a defect in the server; what was asked may or may not have been done",
  },
  "outcome-unknown": {
    status: 503,
    title: "The outcome is unknown",
    detail: "the journal did not answer; to retry with the same key is safe",
  },
  "not-ready": { status: 503, title: "Not ready", detail: "the shard is recovering or moving; nothing was done" },
} as const satisfies Readonly<Record<string, ProblemKind>>;

export type ProblemSlug = keyof typeof PROBLEMS;

export const PROBLEM_SLUGS = Object.keys(PROBLEMS) as readonly ProblemSlug[];

/** RFC 9457, exactly as it is sent. */
export interface Problem {
  readonly type: `urn:stockgrid:problem:${ProblemSlug}`;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance?: string;
  readonly errors?: readonly FieldError[];
  readonly shortages?: readonly Shortage[];
  /** Whole seconds, at least 1; with 429 and 503. The same as the `Retry-After` header. */
  readonly retryAfterSeconds?: number;
}

export type ProblemExtras = Pick<Problem, "errors" | "shortages" | "retryAfterSeconds">;

export const PROBLEM_MEDIA_TYPE = "application/problem+json";
const TYPE_PREFIX = "urn:stockgrid:problem:";

export function problem(slug: ProblemSlug, detail: string = PROBLEMS[slug].detail, extras?: ProblemExtras): Problem {
  const { status, title } = PROBLEMS[slug];
  return { type: `${TYPE_PREFIX}${slug}`, title, status, detail, ...extras };
}

export function slugOf(it: Problem): ProblemSlug {
  return it.type.slice(TYPE_PREFIX.length) as ProblemSlug;
}

export function invalidRequest(errors: readonly FieldError[]): Problem {
  const first = errors[0];
  const detail = first === undefined ? undefined : `${first.path === "" ? "the body" : first.path} ${first.message}`;
  return problem("invalid-request", detail, { errors: errors.slice(0, FIELD_ERRORS_MAX) });
}

export const noSuchReservation = (id: ReservationId | string): Problem => problem("not-found", `there is no reservation ${id}`);
export const noSuchRecord = (sku: string, location: string): Problem =>
  problem("not-found", `nothing is known of ${sku} at ${location}`);
export const noSuchLocation = (id: string): Problem => problem("not-found", `there is no location ${id}`);
