/** The problems that this front end finds by itself, before or after the grid. All slugs are the contract's. */

import type { Fault } from "../../base/index.ts";
import type { MemberPhase } from "../../member/index.ts";
import { type Problem, problem, problemOf } from "../contract/index.ts";

/** When a refused caller may come back: the member's queue is short, and a start is a matter of seconds. */
const RETRY_AFTER_MS = 1_000;

const FULL: Fault = {
  kind: "fault",
  code: "too-many-requests",
  retryAfterMs: RETRY_AFTER_MS,
  detail: "this member has all the requests in flight that it takes; nothing was done",
};

const full = problemOf(FULL);
const unknownForm = problem("unsupported-media-type", "send application/json or application/msgpack");
const failed = problem("internal-error");

export const fullProblem = (): Problem => full;
export const unknownFormProblem = (): Problem => unknownForm;
export const failedProblem = (): Problem => failed;

export function notServingProblem(phase: Exclude<MemberPhase, "serving">): Problem {
  const detail = `this member is ${phase}; nothing was done`;
  return problemOf({ kind: "fault", code: "not-ready", retryAfterMs: RETRY_AFTER_MS, detail });
}

export function unreadableProblem(reason: string): Problem {
  return problem("invalid-request", reason, { errors: [{ path: "", message: reason }] });
}

export function tooManyItemsProblem(items: number, itemsMax: number): Problem {
  return problem("payload-too-large", `the array has ${items} items, more than ${itemsMax}; nothing was done`);
}

/** For an answer that exists and cannot be sent, most likely because it is larger than `max_payload`. */
export function unsendableProblem(bytes: number, bytesMax: number): Problem {
  return problem(
    "payload-too-large",
    `the answer has ${bytes} bytes, more than the server's max_payload of ${bytesMax}; what was asked is done: read it in smaller parts`,
  );
}
