/** `GET /v1/events`: the event feed as server-sent events, for a bounded number of listeners. */

import type { FastifyReply, FastifyRequest } from "fastify";
import type { TailFilter } from "../../../ports/index.ts";
import { STOCK_EVENT_KINDS } from "../../../stock/index.ts";
import { type FieldError, invalidRequest, type Parsed, parseLocationId, parseSku, problem } from "../../contract/index.ts";
import type { Answers } from "../answer.ts";
import { EventStream } from "../event-stream.ts";
import type { RouteDocs } from "../openapi.ts";
import type { HttpContext } from "../options.ts";
import type { Router } from "./routes.ts";

const RETRY_AFTER_SECONDS = 5;

/** Returns what ends every stream, for the close of the server. */
export function addEventRoute(router: Router): () => void {
  const streams = new EventStreams(router.context);
  router.add({
    method: "GET",
    url: "/v1/events",
    scope: "read",
    endless: true,
    docs: DOCS,
    handle: (request, reply, answers, since) => {
      void streams.serve(request, reply, answers, since);
    },
  });
  return () => streams.endAll();
}

class EventStreams {
  readonly #context: HttpContext;
  readonly #open = new Set<EventStream>();
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(context: HttpContext) {
    this.#context = context;
  }

  /** Never rejects. */
  async serve(request: FastifyRequest, reply: FastifyReply, answers: Answers, since: number): Promise<void> {
    const filter = parseFilter(request.query);
    if (!filter.ok) return answers.problem(reply, since, filter.problem);
    const { eventStreamsMax, eventStreamBufferBytesMax } = this.#context.limits;
    if (this.#open.size >= eventStreamsMax) {
      const detail = `${eventStreamsMax} event streams are open, which is the limit`;
      return answers.problem(reply, since, problem("too-many-requests", detail, { retryAfterSeconds: RETRY_AFTER_SECONDS }));
    }
    const stream = new EventStream(reply.raw, eventStreamBufferBytesMax);
    this.#add(stream);
    reply.raw.once("close", () => this.#remove(stream));
    try {
      if (await this.#follow(stream, request, filter.value)) {
        reply.hijack();
        return;
      }
      this.#remove(stream, false);
      answers.problem(reply, since, unknownPosition());
    } catch (error) {
      this.#remove(stream, false);
      this.#context.log?.warn({ error: String(error) }, "the event feed could not be followed");
      answers.problem(
        reply,
        since,
        problem("not-ready", "the event feed cannot be read now", { retryAfterSeconds: RETRY_AFTER_SECONDS }),
      );
    }
  }

  endAll(): void {
    for (const stream of [...this.#open]) this.#remove(stream);
  }

  #follow(stream: EventStream, request: FastifyRequest, filter: TailFilter): Promise<boolean> {
    const after = request.headers["last-event-id"];
    const position = typeof after === "string" && after !== "" ? after : undefined;
    return stream.open(this.#context.events, filter, position, request.id);
  }

  #add(stream: EventStream): void {
    this.#open.add(stream);
    this.#heartbeat ??= setInterval(() => {
      for (const each of this.#open) each.beat();
    }, this.#context.limits.eventStreamHeartbeatMs).unref();
  }

  #remove(stream: EventStream, end = true): void {
    if (end) stream.end();
    this.#open.delete(stream);
    if (this.#open.size > 0) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }
}

function unknownPosition(): ReturnType<typeof problem> {
  const error = {
    path: "header Last-Event-ID",
    message: "is unknown here or no longer kept; start without it and read the records anew",
  };
  return invalidRequest([error]);
}

function parseFilter(query: unknown): Parsed<TailFilter> {
  const { sku, location, type } = query as Readonly<Record<string, unknown>>;
  const repeated = Object.entries({ sku, location, type }).find(([, value]) => value !== undefined && typeof value !== "string");
  if (repeated !== undefined) return wrong({ path: `query ${repeated[0]}`, message: "must be given once" });
  const named = { sku, location, type } as TailFilter;
  if (named.sku !== undefined) {
    const parsed = parseSku(named.sku, "query sku");
    if (!parsed.ok) return parsed;
  }
  if (named.location !== undefined) {
    const parsed = parseLocationId(named.location, "query location");
    if (!parsed.ok) return parsed;
  }
  if (named.type === undefined || STOCK_EVENT_KINDS.some((kind) => kind === named.type)) return { ok: true, value: named };
  return wrong({ path: "query type", message: `must be one of ${STOCK_EVENT_KINDS.join(", ")}` });
}

const wrong = (error: FieldError): Parsed<TailFilter> => ({ ok: false, problem: invalidRequest([error]) });

const DOCS: RouteDocs = {
  id: "followEvents",
  tag: "Events",
  summary: "Follow what happens to stock",
  description:
    "Server-sent events, each with an opaque id and one CloudEvent (JSON) as data, under the default event name `message`. " +
    "Headers are sent once the subscription is live; without `Last-Event-ID` it starts now. A comment every 15 s keeps it alive; " +
    "a reader that falls too far behind is cut off and resumes from its last id.",
  query: { sku: "Only this SKU", location: "Only this location", type: "Only this type, by its short name, such as `held`" },
  headers: { "Last-Event-ID": { type: "string", description: "Resumes after this event" } },
  answers: { 200: { description: "The stream", schema: { type: "string" }, mediaType: "text/event-stream" } },
  problems: ["invalid-request"],
};
