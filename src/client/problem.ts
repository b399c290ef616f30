/**
 * What the grid says no with. A refusal is an expected outcome and comes back as data; what the world or the setup did wrong is a
 * {@link StockGridFault} and is thrown.
 *
 * R1. A refusal is definite: nothing was done, and the same request would be refused again. It is never retried.
 */

/** One fault of a request: a JSON pointer into the body, or a name such as `header Idempotency-Key`. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

export interface Shortage {
  readonly sku: string;
  readonly location: string;
  readonly requested: number;
  readonly available: number;
}

/** Definite answers that a caller has to expect. */
export const REFUSAL_REASONS = [
  "invalid-request",
  "not-found",
  "insufficient-stock",
  "reservation-expired",
  "reservation-released",
  "conflict",
  "payload-too-large",
  "idempotency-key-reused",
] as const;

export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** Problems that become faults; the first three are worth a retry. */
export const FAULT_SLUGS = [
  "too-many-requests",
  "not-ready",
  "outcome-unknown",
  "unauthorized",
  "forbidden",
  "method-not-allowed",
  "unsupported-media-type",
  "internal-error",
] as const;

export type FaultSlug = (typeof FAULT_SLUGS)[number];

export type ProblemSlug = RefusalReason | FaultSlug;

/** A problem object (RFC 9457) as it is sent. Tell problems apart by `type` alone. */
export interface Problem {
  readonly type: `urn:stockgrid:problem:${ProblemSlug}`;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance?: string;
  readonly errors?: readonly FieldError[];
  readonly shortages?: readonly Shortage[];
  /** Whole seconds, at least 1; with 429 and 503. */
  readonly retryAfterSeconds?: number;
}

interface Extras {
  readonly "insufficient-stock": { readonly shortages: readonly Shortage[] };
}

export type ProblemOf<R extends ProblemSlug> = Problem & { readonly type: `urn:stockgrid:problem:${R}` } & (R extends keyof Extras
    ? Extras[R]
    : unknown);

/** One member for each reason, so that a `switch` over `reason` narrows the problem. */
export type Refused = {
  [R in RefusalReason]: { readonly ok: false; readonly reason: R; readonly problem: ProblemOf<R> };
}[RefusalReason];

export type Answer<T> = { readonly ok: true; readonly value: T } | Refused;

export const answered = <T>(value: T): Answer<T> => ({ ok: true, value });

const TYPE_PREFIX = "urn:stockgrid:problem:";

/** Whether a body is a problem object at all, of a kind known here or not. */
export function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "type" in body && String(body.type).startsWith(TYPE_PREFIX);
}

export function slugOf({ type }: Problem): ProblemSlug {
  return type.slice(TYPE_PREFIX.length) as ProblemSlug;
}

/** The refusal in a problem; undefined when the problem is a fault, or of a kind that is not known here. */
export function refusalOf(problem: Problem): Refused | undefined {
  const slug = slugOf(problem);
  const reason = REFUSAL_REASONS.find((known) => known === slug);
  if (reason === undefined) return undefined;
  const told = reason === "insufficient-stock" && problem.shortages === undefined ? { ...problem, shortages: [] } : problem;
  // The reason is the tail of the problem's type, which is what ties the two in the union.
  return { ok: false, reason, problem: told } as Refused;
}
