/**
 * Reads STOCK_EVENTS back for one listener: what server-sent events and `stockgrid tail` are made of.
 *
 * A position is `e<sequence>-<check>` in base 36; the check covers the time the stream was created, so that a position of
 * another feed, or one made up, is recognised.
 */

import { type Consumer, type ConsumerMessages, jetstream, jetstreamManager, type StreamInfo } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { hash32 } from "../base/index.ts";
import type { EventTail, TailFilter, TailListener } from "../ports/index.ts";
import { EVENTS_STREAM } from "./streams.ts";
import { subjectToken } from "./tokens.ts";

const POSITION = /^e([0-9a-z]{1,11})-([0-9a-z]{1,7})$/;
const FETCH_EVENTS = 500;
/** How long NATS may stay away before a tail ends. */
const AWAY_MS_MAX = 30_000;

export function openEventTail(options: { readonly connection: NatsConnection }): EventTail {
  const { connection } = options;
  const open = new Set<Following>();
  void watchConnection(connection, open);
  return {
    async follow(filter, after, listener) {
      const jsm = await jetstreamManager(connection, { checkAPI: false });
      const info = await jsm.streams.info(EVENTS_STREAM);
      const start = startSequence(info, after);
      if (start === undefined) return "unknown-position";
      const consumer = await jetstream(connection).consumers.get(EVENTS_STREAM, {
        opt_start_seq: start,
        filter_subjects: filterSubject(filter),
      });
      return new Following(info.created, listener, open).begin(consumer);
    },
  };
}

/** One watch for all tails of a connection: tells them when NATS goes and comes back. */
async function watchConnection(connection: NatsConnection, open: ReadonlySet<Following>): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === "disconnect") for (const tail of open) tail.away();
    else if (status.type === "reconnect") for (const tail of open) tail.back();
  }
}

export function filterSubject({ location, sku, type }: TailFilter): string {
  const token = (text: string | undefined): string => (text === undefined ? "*" : subjectToken(text));
  return `stock.events.${token(location)}.${token(sku)}.${token(type)}`;
}

export function positionOf(created: string, seq: number): string {
  return `e${seq.toString(36)}-${hash32(`${created} ${seq}`).toString(36)}`;
}

/** The first sequence to deliver, or undefined when the position is unknown or its successor is no longer kept. */
function startSequence({ created, state }: StreamInfo, after: string | undefined): number | undefined {
  if (after === undefined) return state.last_seq + 1;
  const seq = Number.parseInt(POSITION.exec(after)?.[1] ?? "", 36);
  if (!Number.isSafeInteger(seq) || positionOf(created, seq) !== after) return undefined;
  return seq + 1 < state.first_seq || seq > state.last_seq ? undefined : seq + 1;
}

class Following {
  readonly #created: string;
  readonly #listener: TailListener;
  readonly #open: Set<Following>;
  #messages: ConsumerMessages | undefined;
  #awayTimer: NodeJS.Timeout | undefined;

  constructor(created: string, listener: TailListener, open: Set<Following>) {
    this.#created = created;
    this.#listener = listener;
    this.#open = open;
  }

  /** Resolves to the function that stops it. */
  async begin(consumer: Consumer): Promise<() => void> {
    this.#open.add(this);
    this.#messages = await consumer.consume({
      max_messages: FETCH_EVENTS,
      callback: (message) => {
        if (this.#open.has(this)) this.#listener.onEvent(positionOf(this.#created, message.seq), message.string());
      },
    });
    void this.#messages.closed().then((error) => this.#end(error instanceof Error ? error.message : "the connection was closed"));
    return () => this.#close();
  }

  away(): void {
    this.#awayTimer ??= setTimeout(() => this.#end("NATS stayed away"), AWAY_MS_MAX);
  }

  back(): void {
    clearTimeout(this.#awayTimer);
    this.#awayTimer = undefined;
  }

  #end(reason: string): void {
    if (!this.#open.has(this)) return;
    this.#close();
    this.#listener.onEnd(reason);
  }

  #close(): void {
    this.#open.delete(this);
    this.back();
    this.#messages?.stop();
  }
}
