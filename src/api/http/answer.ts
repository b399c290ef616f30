/**
 * How answers leave: JSON text made beforehand, problems, and the one place where both are counted.
 *
 * Answers are written to the response itself: Fastify's `send`, whose hooks and serializers do not apply here, took about
 * a tenth more of a request's CPU time when measured.
 */

import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";
import { PROBLEM_MEDIA_TYPE, type Problem, slugOf } from "../contract/index.ts";
import type { HttpObserver } from "./options.ts";

const JSON_TYPE = "application/json; charset=utf-8";
const SECONDS_PER_MS = 0.001;

/** Answers requests of one route. */
export class Answers {
  readonly #route: string;
  readonly #method: string;
  readonly #observe: HttpObserver | undefined;

  constructor(method: string, route: string, observe: HttpObserver | undefined) {
    this.#method = method;
    this.#route = route;
    this.#observe = observe;
  }

  /** Moment to give back as `since`, ms of the monotonic clock. */
  start(): number {
    return this.#observe === undefined ? 0 : performance.now();
  }

  json(reply: FastifyReply, since: number, status: number, text: string): void {
    this.text(reply, since, status, JSON_TYPE, text);
  }

  view(reply: FastifyReply, since: number, status: number, value: object): void {
    this.text(reply, since, status, JSON_TYPE, JSON.stringify(value));
  }

  problem(reply: FastifyReply, since: number, problem: Problem): void {
    sendProblem(reply, problem);
    this.#observe?.problem(slugOf(problem));
    this.#count(problem.status, since);
  }

  text(reply: FastifyReply, since: number, status: number, contentType: string, text: string): void {
    const { raw } = reply.hijack();
    raw.writeHead(status, {
      "content-type": contentType,
      "content-length": Buffer.byteLength(text),
      "x-request-id": reply.request.id,
    });
    raw.end(text);
    this.#count(status, since);
  }

  /** Begins an answer whose body is written as it comes about; {@link close} ends and counts it. */
  open(reply: FastifyReply, status: number, contentType: string): ServerResponse {
    const { raw } = reply.hijack();
    raw.writeHead(status, { "content-type": contentType, "x-request-id": reply.request.id });
    raw.flushHeaders();
    return raw;
  }

  close(response: ServerResponse, status: number, since: number): void {
    response.end();
    this.#count(status, since);
  }

  #count(status: number, since: number): void {
    this.#observe?.request(this.#route, this.#method, status, (performance.now() - since) * SECONDS_PER_MS);
  }
}

/** Sends without counting. Headers set on the reply go along. */
export function sendProblem(reply: FastifyReply, problem: Problem): void {
  const { id } = reply.request;
  const text = JSON.stringify({ ...problem, instance: `urn:stockgrid:request:${id}` });
  const headers = reply.getHeaders() as OutgoingHttpHeaders;
  headers["content-type"] = PROBLEM_MEDIA_TYPE;
  headers["content-length"] = Buffer.byteLength(text);
  headers["x-request-id"] = id;
  if (problem.retryAfterSeconds !== undefined) headers["retry-after"] = String(problem.retryAfterSeconds);
  const { raw } = reply.hijack();
  raw.writeHead(problem.status, headers);
  raw.end(text);
}
