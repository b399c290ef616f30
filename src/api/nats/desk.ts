/**
 * The front desk: takes messages in, refuses at once what cannot be served now, and sends every answer out.
 *
 * D1. A message with a reply subject gets exactly one answer, whatever its bytes are; what the grid says after
 *     its exception was answered is dropped.
 * D2. A message without one is ignored: its sender could not learn the outcome, so nothing may depend on it.
 * D3. Nothing here throws into the connection: an exception becomes an answer and a log line.
 */

import type { Msg, NatsConnection } from "@nats-io/nats-core";
import type { Grid, MemberPhase } from "../../member/index.ts";
import type { Log } from "../../ports/index.ts";
import { type Problem, slugOf } from "../contract/index.ts";
import { type Answer, problemAnswer } from "./answer.ts";
import { type BodyForm, BodyUnreadable, bodyFormOf, isBodyForm, JSON_FORM } from "./body.ts";
import { Flight } from "./flight.ts";
import type { EndpointCounters } from "./micro.ts";
import { itemsIn, type Operation } from "./operation.ts";
import { ProblemHeaders } from "./problem-headers.ts";
import { failedProblem, fullProblem, notServingProblem, unreadableProblem, unsendableProblem } from "./refusals.ts";

/** Called once per answer: the endpoint's name, `ok` or the slug of the problem, and the time from arrival in seconds. */
export type Observe = (endpoint: string, outcome: string, seconds: number) => void;

export interface DeskOptions {
  readonly connection: NatsConnection;
  readonly grid: Grid;
  readonly phase: () => MemberPhase;
  /** Items. */
  readonly maxInFlight: number;
  readonly overloaded: (() => boolean) | undefined;
  readonly observe: Observe | undefined;
  readonly log: Log;
}

/** A message that is to be answered. */
interface Caller {
  readonly operation: Operation;
  readonly counters: EndpointCounters;
  readonly reply: string;
  readonly form: BodyForm;
  /** Arrival, ms of the monotonic clock. */
  readonly arrivedMs: number;
}

const MS_PER_SECOND = 1_000;

/** Room left for headers, which count as payload. */
const HEADER_BYTES_MAX = 1_024;

export class Desk {
  readonly flight: Flight;
  readonly #options: DeskOptions;
  readonly #headers = new ProblemHeaders();
  #lossSaid = false;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.flight = new Flight(options.maxInFlight);
  }

  /** One message of an endpoint. Never throws: that would end the connection. */
  take(operation: Operation, counters: EndpointCounters, message: Msg): void {
    try {
      this.#take(operation, counters, message);
    } catch (error) {
      this.#options.log.error({ err: error, endpoint: operation.name }, "a request was left without an answer");
    }
  }

  #take(operation: Operation, counters: EndpointCounters, message: Msg): void {
    counters.requests++;
    const { reply } = message;
    if (reply === undefined || reply === "") {
      counters.countError("ignored: no reply subject");
      return;
    }
    const said = bodyFormOf(message);
    const form = isBodyForm(said) ? said : JSON_FORM;
    const caller: Caller = { operation, counters, reply, form, arrivedMs: performance.now() };
    const refusal = this.#refusal() ?? (isBodyForm(said) ? undefined : said);
    if (refusal === undefined) this.#serve(caller, message.data);
    else this.#send(caller, problemAnswer(refusal));
  }

  /** Why nothing can be taken now, whatever the message holds. */
  #refusal(): Problem | undefined {
    const phase = this.#options.phase();
    if (phase !== "serving") return notServingProblem(phase);
    return !this.flight.hasRoom(1) || this.#options.overloaded?.() === true ? fullProblem() : undefined;
  }

  #serve(caller: Caller, bytes: Uint8Array): void {
    let body: unknown;
    try {
      body = caller.operation.bodiless === true ? undefined : caller.form.decode(bytes);
    } catch (error) {
      this.#send(
        caller,
        problemAnswer(error instanceof BodyUnreadable ? unreadableProblem(error.message) : this.#failed(caller, error)),
      );
      return;
    }
    const items = itemsIn(body);
    if (this.flight.hasRoom(items)) this.#run(caller, body, items);
    else this.#send(caller, problemAnswer(fullProblem()));
  }

  #run(caller: Caller, body: unknown, items: number): void {
    let settled = false;
    const settle = (answer: Answer): void => {
      if (settled) return;
      settled = true;
      this.flight.leave(items);
      this.#send(caller, answer);
    };
    this.flight.enter(items);
    try {
      caller.operation.run(this.#options.grid, body, settle);
    } catch (error) {
      settle(problemAnswer(this.#failed(caller, error)));
    }
  }

  #failed(caller: Caller, error: unknown): Problem {
    this.#options.log.error({ err: error, endpoint: caller.operation.name }, "a request failed inside the NATS service");
    return failedProblem();
  }

  #send(caller: Caller, answer: Answer): void {
    const problem = this.#publish(caller, answer);
    if (problem !== undefined) caller.counters.countError(problem.title);
    const tookMs = performance.now() - caller.arrivedMs;
    caller.counters.busyMs += tookMs;
    this.#observe(caller, problem, tookMs / MS_PER_SECOND);
  }

  /** After the answer is out: whoever watches cannot undo it, nor throw into the grid. */
  #observe({ operation }: Caller, problem: Problem | undefined, seconds: number): void {
    try {
      this.#options.observe?.(operation.name, problem === undefined ? "ok" : slugOf(problem), seconds);
    } catch (error) {
      this.#options.log.error({ err: error, endpoint: operation.name }, "the observer of the NATS service failed");
    }
  }

  /** Publishes the answer, or a problem in its place when it cannot be sent. Returns the problem sent or lost, if any. */
  #publish(caller: Caller, answer: Answer): Problem | undefined {
    if (!this.#canPublish()) return failedProblem();
    try {
      const unsendable = this.#publishAs(caller, answer);
      if (unsendable === undefined) return answer.kind === "problem" ? answer.problem : undefined;
      this.#publishAs(caller, problemAnswer(unsendable));
      return unsendable;
    } catch (error) {
      const failed = this.#failed(caller, error);
      this.#publishFailure(caller, failed);
      return failed;
    }
  }

  #publishFailure(caller: Caller, failed: Problem): void {
    try {
      this.#publishAs(caller, problemAnswer(failed));
    } catch (error) {
      this.#options.log.error({ err: error, endpoint: caller.operation.name }, "a request was left without an answer");
    }
  }

  /** Without a connection answers are lost and callers time out; said once, for thousands may be in flight. */
  #canPublish(): boolean {
    const { connection, log } = this.#options;
    if (!connection.isClosed() && !connection.isDraining()) return true;
    if (!this.#lossSaid) log.warn({ items: this.flight.items }, "the connection closed before all requests were answered");
    this.#lossSaid = true;
    return false;
  }

  /** Returns a problem instead of publishing what the server would not take. */
  #publishAs({ form, reply }: Caller, answer: Answer): Problem | undefined {
    const { connection } = this.#options;
    const headers = answer.kind === "problem" ? this.#headers.of(answer.problem, form) : form.headers;
    const payload = form.encode(answer);
    const bytesMax = (connection.info?.max_payload ?? Number.POSITIVE_INFINITY) - HEADER_BYTES_MAX;
    if (payload.length > bytesMax) return unsendableProblem(payload.length, bytesMax);
    connection.publish(reply, payload, headers === undefined ? undefined : { headers });
    return undefined;
  }
}
