/** How many reservations and many movements go out, and what their answers mean. */

import { hash32 } from "../base/index.ts";
import type { Movement, Reservation, Reserve } from "./bodies.ts";
import { hashOfReserve, movementsCall, reserveCall, reserveManyCall } from "./call.ts";
import { faultOfProblem, StockGridFault } from "./fault.ts";
import type { MovementResult } from "./grid-client.ts";
import { type Answer, type Problem, refusalOf, slugOf } from "./problem.ts";
import type { Attempt } from "./retry.ts";
import type { Plan } from "./settle-all.ts";
import { judge, judgeItem, type Reply, type Transport } from "./transport.ts";

export type KeyedBody = Reserve & { readonly idempotencyKey: string };

/** Reservations of one message. */
const RESERVATIONS_AT_ONCE = 1_000;
const MOVEMENTS_AT_ONCE = 10_000;

type ReserveResult = Answer<Reservation> | StockGridFault;

export function reservePlan(way: Transport): Plan<KeyedBody, ReserveResult> {
  return {
    itemsMax: way.takesArrays ? RESERVATIONS_AT_ONCE : 1,
    groupOf: (body) => way.groupOf(hashOfReserve(body)),
    send: (bodies, attempt) => (way.takesArrays ? sendArray(way, bodies, attempt) : sendOne(way, bodies, attempt)),
    tooLarge: () => refusalOf(TOO_LARGE) as ReserveResult,
    faultIn: (result) => (result instanceof StockGridFault ? result : undefined),
  };
}

async function sendArray(
  way: Transport,
  bodies: readonly KeyedBody[],
  attempt: Attempt,
): Promise<readonly ReserveResult[] | "too-large"> {
  const [first] = bodies;
  const reply = await way.send(reserveManyCall(bodies, first === undefined ? undefined : hashOfReserve(first)), attempt);
  if (isTooLarge(reply)) return "too-large";
  const answer = judge<readonly unknown[]>(reply);
  if (!answer.ok) return bodies.map(() => answer);
  return listIn(answer.value).map((item) => judgeItem<Reservation>(item));
}

async function sendOne(way: Transport, bodies: readonly KeyedBody[], attempt: Attempt): Promise<readonly ReserveResult[]> {
  const { idempotencyKey, ...body } = bodies[0] as KeyedBody;
  return [judge<Reservation>(await way.send(reserveCall(body as Reserve, idempotencyKey), attempt))];
}

export function movementPlan(way: Transport): Plan<Movement, MovementResult> {
  return {
    itemsMax: MOVEMENTS_AT_ONCE,
    groupOf: ({ sku }) => way.groupOf(hash32(sku)),
    send: async (movements, attempt) => {
      const [first] = movements;
      const reply = await way.send(movementsCall(movements, first === undefined ? undefined : hash32(first.sku)), attempt);
      if (isTooLarge(reply)) return "too-large";
      const answer = judge<{ readonly results: readonly MovementResult[] }>(reply);
      return answer.ok ? listIn(answer.value.results) : movements.map(({ id }) => rejected(id, answer.problem));
    },
    tooLarge: ({ id }) => rejected(id, TOO_LARGE),
    faultIn: ({ problem }) =>
      problem === undefined || refusalOf(problem) !== undefined ? undefined : faultOfProblem(problem, undefined),
  };
}

const TOO_LARGE: Problem = {
  type: "urn:stockgrid:problem:payload-too-large",
  title: "The request is too large",
  status: 413,
  detail: "a single item is larger than a message may be; nothing was done",
};

const rejected = (id: string, problem: Problem): MovementResult => ({ id, status: "rejected", problem });

function isTooLarge(reply: Reply): boolean {
  return reply.kind === "problem" && slugOf(reply.problem) === "payload-too-large";
}

function listIn<T>(value: readonly T[]): readonly T[] {
  if (Array.isArray(value)) return value;
  throw new StockGridFault({ code: "unexpected-answer", message: "the answer holds no list" });
}
