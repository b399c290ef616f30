/** `POST /v1/ingest/{source}`: events of sources as one CloudEvent, a batch, or a stream of lines. Each is answered, and goes the way of the inbound stream. */

import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { LocationId } from "../../../base/index.ts";
import type { Arrival, Intake, Outcome } from "../../../intake/index.ts";
import { SOURCES } from "../../../sources/index.ts";
import {
  CloudEventsSchema,
  faultOfAllEvents,
  INGEST_ITEMS_MAX,
  INGEST_LINE_BYTES_MAX,
  INGEST_LINES_MAX,
  INGEST_STREAM_BYTES_MAX,
  IngestResultsViewSchema,
  ingestItems,
  ingestResultView,
  invalidRequest,
  type Parsed,
  parseLocationId,
  problem,
} from "../../contract/index.ts";
import type { Answers } from "../answer.ts";
import { answerLines } from "../ndjson.ts";
import type { RouteDocs } from "../openapi.ts";
import type { HttpContext } from "../options.ts";
import { paramOf, Router } from "./routes.ts";

const EVENT_TYPES = ["application/cloudevents+json", "application/cloudevents-batch+json"];
const LINE_TYPES = ["application/x-ndjson", "application/ndjson", "application/jsonl"];
const LINE_TYPE = "application/x-ndjson; charset=utf-8";
/** Lines whose events are not answered yet. */
const LINES_WAITING_MAX = 1_000;
const REPLACEMENT = "\ufffd";

type Take = Pick<Intake, "take">;

/** Its bodies are of types that no other route takes. */
export function addIngestRoute(app: FastifyInstance, context: HttpContext): void {
  const { ingest } = context;
  if (ingest === undefined) return;
  app.register((routes, _options, done) => {
    acceptEvents(routes);
    new Router(routes, context).add({
      method: "POST",
      url: "/v1/ingest/:source",
      scope: "write",
      bodyBytesMax: context.limits.movementsBodyBytesMax,
      docs: DOCS,
      handle: (request, reply, answers, since) => {
        const way = wayOf(request);
        if (!way.ok) answers.problem(reply, since, way.problem);
        else if (request.body instanceof Readable)
          void answerStream(ingest.intake, way.value, request, reply, answers, since, context.log);
        else answerItems(ingest.intake, way.value, request, reply, answers, since);
      },
    });
    done();
  });
}

function acceptEvents(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser<string>(EVENT_TYPES, { parseAs: "string" }, (request, text, done) => {
    if (text.includes(REPLACEMENT)) done(Object.assign(new Error("the body is not UTF-8"), { statusCode: 400 }), undefined);
    else parse(request, text, done);
  });
  app.addContentTypeParser(LINE_TYPES, (_request, payload, done) => done(null, payload));
}

type Way = Pick<Arrival, "source" | "location" | "subject">;

function wayOf(request: FastifyRequest): Parsed<Way> {
  const source = paramOf(request, "source");
  if (!SOURCES.some((each) => each === source)) {
    return {
      ok: false,
      problem: problem("not-found", `there is no source ${source.slice(0, 64)}; there are ${SOURCES.join(", ")}`),
    };
  }
  const { location } = request.query as { readonly location?: unknown };
  if (location === undefined) return { ok: true, value: { source, subject: "http" } };
  if (typeof location !== "string")
    return { ok: false, problem: invalidRequest([{ path: "query location", message: "must be given once" }]) };
  const id = parseLocationId(location, "query location");
  return id.ok ? { ok: true, value: { source, location: id.value as LocationId, subject: "http" } } : id;
}

function answerItems(
  intake: Take,
  way: Way,
  request: FastifyRequest,
  reply: FastifyReply,
  answers: Answers,
  since: number,
): void {
  const items = ingestItems(request.body);
  if (!items.ok) return answers.problem(reply, since, items.problem);
  const results = new Array<ReturnType<typeof ingestResultView>>(items.value.length);
  let left = items.value.length;
  if (left === 0) return answers.view(reply, since, 200, { results });
  const settle = (index: number, outcome: Outcome): void => {
    results[index] = ingestResultView(outcome);
    if (--left > 0) return;
    const fault = faultOfAllEvents(results);
    if (fault === undefined) answers.view(reply, since, 200, { results });
    else answers.problem(reply, since, fault);
  };
  for (const [index, value] of items.value.entries()) {
    const arrival = { ...way, value, key: `http-${request.id}-${index}`, bytes: () => Buffer.from(JSON.stringify(value) ?? "") };
    intake.take(arrival, (outcome) => settle(index, outcome));
  }
}

async function answerStream(
  intake: Take,
  way: Way,
  request: FastifyRequest,
  reply: FastifyReply,
  answers: Answers,
  since: number,
  log: HttpContext["log"],
): Promise<void> {
  const response = answers.open(reply, 200, LINE_TYPE);
  let number = 0;
  const take = (line: Buffer, done: (answer: string) => void): void => {
    const arrival = { ...way, value: parsed(line), key: `http-${request.id}-${number++}`, bytes: () => line };
    intake.take(arrival, (outcome) => done(JSON.stringify(ingestResultView(outcome))));
  };
  const tooMuch = (detail: string): string =>
    JSON.stringify({ id: null, status: "rejected", problem: problem("payload-too-large", `${detail}; the rest was not read`) });
  const limits = {
    ...{ linesMax: INGEST_LINES_MAX, lineBytesMax: INGEST_LINE_BYTES_MAX },
    ...{ bytesMax: INGEST_STREAM_BYTES_MAX, waitingMax: LINES_WAITING_MAX },
  };
  try {
    await answerLines(request.body as Readable, response, { take, tooMuch }, limits);
  } catch (error) {
    // When the sender went away in the middle, what it sent is with the grid, and it sends the rest again.
    if (!request.raw.destroyed) log?.error({ err: error }, "a stream of events was not read to its end");
  }
  answers.close(response, 200, since);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Undefined for a line that is no JSON, which then is no CloudEvent. */
function parsed(line: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(line));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

const DOCS: RouteDocs = {
  id: "ingest",
  tag: "Ingest",
  summary: "Send events of a source",
  description:
    `\`source\` is one of ${SOURCES.join(", ")}. One CloudEvent (\`application/cloudevents+json\` or \`application/json\`), up to ${INGEST_ITEMS_MAX} of them as ` +
    "an array (`application/cloudevents-batch+json` or `application/json`), or a stream of lines (`application/x-ndjson`), which is answered line by line. " +
    "`data` is a movement or a form of the source. Events are judged one by one; one that cannot be read or applied becomes a dead letter.",
  query: { location: "Where the events come from, for those that do not say; those that do must agree" },
  body: CloudEventsSchema,
  answers: { 200: { description: "What became of each, in the order given", schema: IngestResultsViewSchema } },
  problems: ["invalid-request", "not-found"],
};
