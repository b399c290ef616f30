/** Faults: there is no definite answer of the grid. Thrown, with all a caller needs to go on. */

import { FAULT_SLUGS, type FaultSlug, type Problem, slugOf } from "./problem.ts";

/**
 * The slugs of the API that are no refusals, and what only a client can meet:
 * - `unreachable`: no connection, a connection lost on the way, or nobody who serves. It may have been done.
 * - `timed-out`: no answer in time. It may have been done.
 * - `unexpected-answer`: an answer that is none of the API; what was asked may have been done.
 * - `not-supported`: this way of connecting cannot do it; nothing was sent.
 * - `position-lost`: events after the position are no longer kept, or the position is of another feed. Read the records anew.
 * - `closed`: the client was closed.
 */
export type FaultCode =
  | FaultSlug
  | "unreachable"
  | "timed-out"
  | "unexpected-answer"
  | "not-supported"
  | "position-lost"
  | "closed";

export interface FaultDetails {
  readonly code: FaultCode;
  readonly message: string;
  /** Milliseconds from now. */
  readonly retryAfterMs?: number | undefined;
  readonly problem?: Problem | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly cause?: unknown;
}

const RETRYABLE: ReadonlySet<FaultCode> = new Set([
  "too-many-requests",
  "not-ready",
  "outcome-unknown",
  "unreachable",
  "timed-out",
]);

export class StockGridFault extends Error {
  override readonly name = "StockGridFault";
  readonly code: FaultCode;
  /** Whether the same call with the same key has a chance later. To repeat it is harmless. */
  readonly retryable: boolean;
  /** When a retry has a chance, milliseconds from now; 0 when nothing was said. */
  readonly retryAfterMs: number;
  /** What the grid said, when it said something. */
  readonly problem: Problem | undefined;
  /** The key that was sent, also when it was made here: repeat the call with it to learn the outcome. */
  readonly idempotencyKey: string | undefined;

  constructor({ code, message, retryAfterMs, problem, idempotencyKey, cause }: FaultDetails) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = RETRYABLE.has(code);
    this.retryAfterMs = retryAfterMs ?? 0;
    this.problem = problem;
    this.idempotencyKey = idempotencyKey;
  }

  /** The same fault that also names the key of the command. */
  withKey(idempotencyKey: string | undefined): StockGridFault {
    const { code, message, retryAfterMs, problem, cause } = this;
    return new StockGridFault({ code, message, retryAfterMs, problem, cause, idempotencyKey });
  }
}

const MS_PER_SECOND = 1_000;

/** The fault in a problem that is no refusal. */
export function faultOfProblem(problem: Problem, retryAfterMs: number | undefined): StockGridFault {
  const code = FAULT_SLUGS.find((known) => known === slugOf(problem)) ?? "unexpected-answer";
  const said = problem.retryAfterSeconds;
  return new StockGridFault({
    code,
    message: `${problem.title}: ${problem.detail}`,
    problem,
    retryAfterMs: retryAfterMs ?? (said === undefined ? undefined : said * MS_PER_SECOND),
  });
}

/** For a catch: faults as they are, anything else as `unexpected-answer` with its cause. */
export function asFault(error: unknown): StockGridFault {
  if (error instanceof StockGridFault) return error;
  return new StockGridFault({ code: "unexpected-answer", message: String(error), cause: error });
}
