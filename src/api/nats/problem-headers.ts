/** Headers of a refusal: status and title as ADR-32 names them, when to come back, and the form of the body. Cached. */

import { headers, type MsgHdrs } from "@nats-io/nats-core";
import type { Problem } from "../contract/index.ts";
import type { BodyForm } from "./body.ts";

/** Refusals under overload are the same few; the cache is emptied when it outgrows this. */
const CACHED_MAX = 256;

export class ProblemHeaders {
  readonly #built = new Map<string, MsgHdrs>();

  /** Shared: never changed by who gets them. */
  of(problem: Problem, form: BodyForm): MsgHdrs {
    const retryAfter = problem.retryAfterSeconds;
    const key = `${problem.type} ${problem.title} ${retryAfter ?? ""} ${form.contentType}`;
    let built = this.#built.get(key);
    if (built === undefined) {
      built = build(problem, form);
      if (this.#built.size >= CACHED_MAX) this.#built.clear();
      this.#built.set(key, built);
    }
    return built;
  }
}

function build(problem: Problem, form: BodyForm): MsgHdrs {
  const built = headers();
  built.set("Nats-Service-Error-Code", `${problem.status}`);
  built.set("Nats-Service-Error", problem.title);
  if (problem.retryAfterSeconds !== undefined) built.set("Retry-After", `${problem.retryAfterSeconds}`);
  if (form.headers !== undefined) built.set("Content-Type", form.contentType);
  return built;
}
