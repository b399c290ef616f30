/**
 * Sends the items of a batch until each has an outcome: again after 429, 503 or a lost connection, which is safe because
 * movements carry ids, and in halves when the batch as a whole was refused.
 */

import { setTimeout as delay } from "node:timers/promises";
import { CommandFailed, reasonOf } from "./command.ts";
import { type Answer, asList, asRecord, type Connection, problemText } from "./connection.ts";
import type { ImportKind } from "./import-kind.ts";
import type { Fields } from "./import-rows.ts";

export type Outcome =
  | { readonly status: "applied" | "duplicate" | "pending" }
  | { readonly status: "rejected"; readonly reason: string };

export interface SendOptions {
  readonly connection: Connection;
  readonly kind: ImportKind;
  /** How long the grid may refuse or be away before the import gives up, in milliseconds. */
  readonly patienceMs: number;
  readonly stop: AbortSignal;
}

const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 5_000;
/** Refusals of a whole batch that a smaller one may not meet. */
const SPLIT_STATUSES: readonly number[] = [400, 413, 422];

/** Outcomes in the order of the items. Throws CommandFailed when patience ends or the grid refuses the caller. */
export async function sendBatch(items: readonly Fields[], options: SendOptions): Promise<Outcome[]> {
  const outcomes = new Array<Outcome | undefined>(items.length).fill(undefined);
  const waiting = new Retries(options);
  for (;;) {
    const open = items.flatMap((_, index) => (outcomes[index] === undefined ? [index] : []));
    if (open.length === 0) return outcomes as Outcome[];
    const attempt = await attemptOf(
      open.map((index) => items[index] as Fields),
      options,
    );
    for (const [place, index] of open.entries()) outcomes[index] = attempt.outcomes[place];
    if (attempt.retry !== undefined) await waiting.pause(attempt.retry);
  }
}

interface Attempt {
  /** Undefined where another attempt is due. */
  readonly outcomes: readonly (Outcome | undefined)[];
  readonly retry: Retry | undefined;
}

interface Retry {
  readonly afterMs: number | undefined;
  readonly reason: string;
}

/** Waits between attempts, longer each time, within the patience of the import. */
class Retries {
  readonly #options: SendOptions;
  readonly #since = performance.now();
  #backoffMs = BACKOFF_MS_MIN;

  constructor(options: SendOptions) {
    this.#options = options;
  }

  async pause(retry: Retry): Promise<void> {
    const { patienceMs, stop } = this.#options;
    if (performance.now() - this.#since > patienceMs) {
      throw new CommandFailed(
        `gave up after ${Math.round(patienceMs / 1_000)} s: ${retry.reason}\nThe same command again goes on where this one stopped.`,
      );
    }
    await delay(retry.afterMs ?? this.#backoffMs * (0.5 + Math.random() / 2), undefined, { signal: stop });
    this.#backoffMs = Math.min(BACKOFF_MS_MAX, this.#backoffMs * 2);
  }
}

async function attemptOf(items: readonly Fields[], options: SendOptions): Promise<Attempt> {
  if (options.kind === "locations") return putEach(items, options, locationPut);
  return options.kind === "aliases" ? putEach(items, options, aliasPut) : postMovements(items, options);
}

async function postMovements(items: readonly Fields[], options: SendOptions): Promise<Attempt> {
  const answer = await callOrRetry("POST", "/v1/movements", items, options);
  if (!("status" in answer)) return { outcomes: [], retry: answer };
  if (answer.status === 200) return outcomesOf(asList(asRecord(answer.body)["results"]), items.length, answer);
  if (!SPLIT_STATUSES.includes(answer.status)) throw new CommandFailed(problemText(answer));
  if (items.length === 1) return { outcomes: [{ status: "rejected", reason: problemText(answer) }], retry: undefined };
  const middle = items.length >> 1;
  const first = await postMovements(items.slice(0, middle), options);
  const second = await postMovements(items.slice(middle), options);
  const padded = Array.from({ length: middle }, (_, index) => first.outcomes[index]);
  return { outcomes: [...padded, ...second.outcomes], retry: first.retry ?? second.retry };
}

function outcomesOf(results: readonly unknown[], count: number, answer: Answer): Attempt {
  if (results.length !== count) throw new CommandFailed(`the grid answered ${results.length} results for ${count} movements`);
  let retry: Retry | undefined;
  const outcomes = results.map(asRecord).map((result): Outcome | undefined => {
    const status = result["status"];
    if (status === "applied" || status === "duplicate" || status === "pending") return { status };
    const problem = asRecord(result["problem"]);
    const reason = problemText({ ...answer, body: problem });
    if (problem["status"] !== 429 && problem["status"] !== 503) return { status: "rejected", reason };
    retry = { afterMs: answer.retryAfterMs, reason };
    return undefined;
  });
  return { outcomes, retry };
}

interface Put {
  readonly path: string;
  readonly body: unknown;
}

const locationPut = ({ location, ...body }: Fields): Put => ({
  path: `/v1/locations/${encodeURIComponent(String(location))}`,
  body,
});

function aliasPut({ code, ...body }: Fields): Put {
  const kind = body["sku"] === undefined ? "locations" : "items";
  return { path: `/v1/aliases/${kind}/${encodeURIComponent(String(code))}`, body };
}

async function putEach(items: readonly Fields[], options: SendOptions, putOf: (item: Fields) => Put): Promise<Attempt> {
  const outcomes: Outcome[] = [];
  for (const item of items) {
    const { path, body } = putOf(item);
    const answer = await callOrRetry("PUT", path, body, options);
    if (!("status" in answer)) return { outcomes, retry: answer };
    if (answer.status === 200 || answer.status === 201) outcomes.push({ status: "applied" });
    else if (SPLIT_STATUSES.includes(answer.status)) outcomes.push({ status: "rejected", reason: problemText(answer) });
    else throw new CommandFailed(problemText(answer));
  }
  return { outcomes, retry: undefined };
}

async function callOrRetry(method: string, path: string, body: unknown, options: SendOptions): Promise<Answer | Retry> {
  try {
    const answer = await options.connection.call(method, path, body, {}, options.stop);
    if (answer.status !== 429 && answer.status !== 503) return answer;
    return { afterMs: answer.retryAfterMs, reason: problemText(answer) };
  } catch (error) {
    if (options.stop.aborted) throw error;
    return { afterMs: undefined, reason: `${options.connection.url} does not answer: ${reasonOf(error)}` };
  }
}
