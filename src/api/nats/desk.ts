/**
 * The front desk: takes messages in, refuses at once what cannot be served now, and sends every answer out.
 *
 * D1. A message with a reply subject gets exactly one answer, whatever its bytes are.
 * D2. A message without one is ignored: its sender could not learn the outcome, so nothing may depend on it.
 * D3. Nothing here throws into the connection: an exception becomes an answer and a log line.
 */

import type { Msg, NatsConnection } from "@nats-io/nats-core";
import type { Grid, MemberPhase } from "../../member/index.ts";
import type { Log } from "../../ports/index.ts";
import { type Problem, slugOf } from "../contract/index.ts";
import { type Answer, bad } from "./answer.ts";
import { type BodyForm, BodyUnreadable, bodyFormOf, JSON_FORM } from "./body.ts";
import { type Caller, Exchange, type ExchangeDesk } from "./exchange.ts";
import { Flight } from "./flight.ts";
import type { EndpointCounters } from "./micro.ts";
import type { Operation } from "./operation.ts";
import { ProblemHeaders } from "./problem-headers.ts";
import {
  failedProblem,
  fullProblem,
  notServingProblem,
  tooManyItemsProblem,
  unknownFormProblem,
  unreadableProblem,
  unsendableProblem,
} from "./refusals.ts";

/** Called once per answer: the endpoint's name, `ok` or the slug of the problem, and the time from arrival in seconds. */
export type Observe = (endpoint: string, outcome: string, seconds: number) => void;

export interface DeskOptions {
  readonly connection: NatsConnection;
  readonly grid: Grid;
  readonly phase: () => MemberPhase;
  readonly maxInFlight: number;
  readonly overloaded: (() => boolean) | undefined;
  readonly observe: Observe | undefined;
  readonly log: Log;
}

const MS_PER_SECOND = 1_000;

/** Room left for headers, which count as payload. */
const HEADER_BYTES_MAX = 1_024;

/** Of one UTF-16 code unit. */
const UTF8_BYTES_MAX = 3;

export class Desk implements ExchangeDesk {
  readonly grid: Grid;
  readonly flight: Flight;
  readonly #options: DeskOptions;
  readonly #headers = new ProblemHeaders();

  constructor(options: DeskOptions) {
    this.#options = options;
    this.grid = options.grid;
    this.flight = new Flight(options.maxInFlight);
  }

  /** One message of an endpoint. Never throws. */
  take(operation: Operation, counters: EndpointCounters, message: Msg): void {
    counters.requests++;
    if (message.reply === undefined || message.reply === "") {
      counters.countError("ignored: no reply subject");
      return;
    }
    const form = bodyFormOf(message);
    const caller: Caller = { operation, counters, reply: message.reply, form: form ?? JSON_FORM, arrivedMs: performance.now() };
    try {
      const refusal = this.#refusal(form) ?? this.#admit(caller, message.data);
      if (refusal !== undefined) this.#send(caller, bad(refusal));
    } catch (error) {
      this.failed(caller, error);
      this.#send(caller, bad(failedProblem()));
    }
  }

  failed(caller: Caller, error: unknown): void {
    this.#options.log.error({ err: error, endpoint: caller.operation.name }, "a request failed inside the NATS service");
  }

  finish(caller: Caller, items: number, answer: Answer): void {
    this.flight.leave(items);
    this.#send(caller, answer);
  }

  /** Why nothing can be taken now, before the body is looked at. */
  #refusal(form: BodyForm | undefined): Problem | undefined {
    const phase = this.#options.phase();
    if (phase !== "serving") return notServingProblem(phase);
    if (!this.flight.hasRoom(1) || this.#options.overloaded?.() === true) return fullProblem();
    return form === undefined ? unknownFormProblem() : undefined;
  }

  /** Reads the body and starts it, or says why not. */
  #admit(caller: Caller, bytes: Uint8Array): Problem | undefined {
    let body: unknown;
    try {
      body = caller.form.decode(bytes);
    } catch (error) {
      if (error instanceof BodyUnreadable) return unreadableProblem(error.message);
      throw error;
    }
    const { itemsMax } = caller.operation;
    const isList = itemsMax > 0 && Array.isArray(body);
    const items: readonly unknown[] = isList ? (body as unknown[]) : [body];
    if (items.length > itemsMax && isList) return tooManyItemsProblem(items.length, itemsMax);
    if (!this.flight.hasRoom(items.length)) return fullProblem();
    this.flight.enter(items.length);
    new Exchange(this, caller, items.length, isList).run(items);
    return undefined;
  }

  #send(caller: Caller, answer: Answer): void {
    const sent = this.#publish(caller, answer);
    if (sent !== undefined) caller.counters.countError(sent.title);
    const tookMs = performance.now() - caller.arrivedMs;
    caller.counters.busyMs += tookMs;
    this.#options.observe?.(caller.operation.name, sent === undefined ? "ok" : slugOf(sent), tookMs / MS_PER_SECOND);
  }

  /** Publishes the answer, or a problem in its place when it is too large. Returns the problem sent or lost, if any. */
  #publish(caller: Caller, answer: Answer): Problem | undefined {
    try {
      const oversized = this.#publishAs(caller, answer);
      if (oversized === undefined) return answer.problem;
      this.#publishAs(caller, bad(oversized));
      return oversized;
    } catch (error) {
      this.#options.log.warn({ err: error, endpoint: caller.operation.name }, "an answer could not be sent");
      return answer.problem ?? failedProblem();
    }
  }

  /** Returns a problem instead of publishing what the server would not take. */
  #publishAs({ form, reply }: Caller, { body, problem }: Answer): Problem | undefined {
    const { connection } = this.#options;
    const headers = problem === undefined ? form.headers : this.#headers.of(problem, form);
    const payload = form.encode(body);
    const bytesMax = (connection.info?.max_payload ?? Number.POSITIVE_INFINITY) - HEADER_BYTES_MAX;
    if (payload.length * UTF8_BYTES_MAX > bytesMax) {
      const bytes = Buffer.byteLength(payload);
      if (bytes > bytesMax) return unsendableProblem(bytes, bytesMax);
    }
    connection.publish(reply, payload, headers === undefined ? undefined : { headers });
    return undefined;
  }
}
