/** A way to the grid. Sends one attempt of a call and says what came back; judging and retrying are not its business. */

import type { Call } from "./call.ts";
import { faultOfProblem, StockGridFault } from "./fault.ts";
import { type Answer, answered, isProblem, type Problem, refusalOf } from "./problem.ts";
import type { Attempt } from "./retry.ts";

/** What was answered: a body of the API, or a problem. */
export type Reply =
  | { readonly kind: "body"; readonly body: unknown }
  | { readonly kind: "problem"; readonly problem: Problem; readonly retryAfterMs: number | undefined };

export interface Transport {
  /** Rejects with a StockGridFault when there is no answer, or with the reason of the attempt's signal. */
  send(call: Call, attempt: Attempt): Promise<Reply>;
  /** Calls with the same group are best sent in one message. */
  groupOf(hash: number): string;
  /** Whether one call can carry many reservations. */
  readonly takesArrays: boolean;
  close(): Promise<void>;
}

/** A body is trusted to be what the API says it is. Throws the fault in a problem that is no refusal. */
export function judge<T>(reply: Reply): Answer<T> {
  if (reply.kind === "body") return answered(reply.body as T);
  const refused = refusalOf(reply.problem);
  if (refused !== undefined) return refused;
  throw faultOfProblem(reply.problem, reply.retryAfterMs);
}

/** An item of an array: what was asked for, or the problem of that item. A fault is returned, not thrown. */
export function judgeItem<T>(item: unknown): Answer<T> | StockGridFault {
  if (!isProblem(item)) return answered(item as T);
  return refusalOf(item) ?? faultOfProblem(item, undefined);
}

export function notSupported(call: Call, way: string): StockGridFault {
  return new StockGridFault({ code: "not-supported", message: `${call.name} is not possible over ${way}; nothing was sent` });
}
