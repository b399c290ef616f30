/** What the grid refuses, as a problem. Rejections and faults come in as data and leave as data. */

import type { Fault } from "../../base/index.ts";
import type { InsufficientStock, KeyReused, NotFound } from "../../member/index.ts";
import type { TransitionRejection } from "../../reservation/index.ts";
import type { LevelOutOfRange } from "../../stock/index.ts";
import { type Problem, type ProblemSlug, problem } from "./problems.ts";

export type Refusal = InsufficientStock | KeyReused | NotFound | TransitionRejection | LevelOutOfRange | Fault;

const MS_PER_SECOND = 1_000;

/** Whole seconds for `Retry-After`: rounded up, at least 1. */
export function retryAfterSeconds(retryAfterMs: number): number {
  return Math.max(1, Math.ceil(retryAfterMs / MS_PER_SECOND));
}

export function problemOf(refusal: Refusal): Problem {
  switch (refusal.kind) {
    case "insufficient-stock":
      return problem("insufficient-stock", undefined, { shortages: refusal.shortages });
    case "level-out-of-range":
      return problem("conflict", refusal.detail);
    case "fault":
      return problem(slugOfFault(refusal), refusal.detail, { retryAfterSeconds: retryAfterSeconds(refusal.retryAfterMs) });
    default:
      return problem(refusal.kind, refusal.detail);
  }
}

/** A caller of the grid has no use for who owns what: what was sent to the wrong member is simply not ready. */
function slugOfFault({ code }: Fault): ProblemSlug {
  return code === "not-owner" ? "not-ready" : code;
}
