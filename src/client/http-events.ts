/** The feed over HTTP: server-sent events of `GET /v1/events`, resumed by `Last-Event-ID`. */

import { EventSourceParserStream } from "eventsource-parser/stream";
import { faultOfProblem, StockGridFault } from "./fault.ts";
import { type EventSource, positionLost, type RawEvent } from "./feed-event.ts";
import type { EventFilter } from "./feed-names.ts";
import { type HttpTransport, readReply } from "./http-transport.ts";
import { slugOf } from "./problem.ts";

/** Characters of one event; a server that never ends a line must not fill our memory. */
const EVENT_CHARACTERS_MAX = 4_194_304;
/** A live stream says something at least every 15 s. */
const SILENCE_MS_MAX = 45_000;

export function httpEvents(transport: HttpTransport, { sku, location, type }: EventFilter): EventSource {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ sku, location, type })) if (value !== undefined) query.set(name, value);
  const path = query.size === 0 ? "/v1/events" : `/v1/events?${query}`;
  return (after, signal) => follow(transport, path, after, signal);
}

async function* follow(
  transport: HttpTransport,
  path: string,
  after: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<RawEvent, void, void> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX);
  const headers = { accept: "text/event-stream", ...(after === undefined ? {} : { "last-event-id": after }) };
  try {
    const response = await transport.open(path, headers, AbortSignal.any([signal, silence.signal]));
    if (!response.ok || response.body === null) throw await refusalOf(response, after);
    const heard = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        timer.refresh();
        controller.enqueue(chunk);
      },
    });
    const events = response.body
      .pipeThrough(heard)
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream({ maxBufferSize: EVENT_CHARACTERS_MAX, onError: "terminate" }));
    for await (const { id, data } of events) if (id !== undefined) yield { position: id, json: data };
  } catch (error) {
    if (signal.aborted || error instanceof StockGridFault) throw error;
    throw new StockGridFault({ code: "unreachable", message: "the feed was lost", cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** A feed that cannot be opened, as a fault: a stream has no place for a refusal. */
async function refusalOf(response: Response, after: string | undefined): Promise<StockGridFault> {
  const reply = await readReply(response);
  if (reply.kind === "body") return new StockGridFault({ code: "unexpected-answer", message: "an answer that is no stream" });
  const { problem, retryAfterMs } = reply;
  const isPosition = problem.errors?.some(({ path }) => path === "header Last-Event-ID") === true;
  if (after !== undefined && slugOf(problem) === "invalid-request" && isPosition) return positionLost(after);
  return faultOfProblem(problem, retryAfterMs);
}
