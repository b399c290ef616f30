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
      return new Following(connection, info.created, listener).begin(consumer);
    },
  };
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
  readonly #connection: NatsConnection;
  readonly #created: string;
  readonly #listener: TailListener;
  #messages: ConsumerMessages | undefined;
  #away: NodeJS.Timeout | undefined;
  #over = false;

  constructor(connection: NatsConnection, created: string, listener: TailListener) {
    this.#connection = connection;
    this.#created = created;
    this.#listener = listener;
  }

  /** Resolves to the function that stops it. */
  async begin(consumer: Consumer): Promise<() => void> {
    const messages = await consumer.consume({
      max_messages: FETCH_EVENTS,
      callback: (message) => {
        if (!this.#over) this.#listener.onEvent(positionOf(this.#created, message.seq), message.string());
      },
    });
    this.#messages = messages;
    void messages.closed().then((error) => this.#end(error instanceof Error ? error.message : "the connection was closed"));
    void this.#watch();
    return () => {
      this.#over = true;
      this.#close();
    };
  }

  async #watch(): Promise<void> {
    const statuses = this.#connection.status();
    void this.#messages?.closed().then(() => statuses[Symbol.asyncIterator]().return?.());
    for await (const status of statuses) {
      if (this.#over) return;
      if (status.type === "disconnect") this.#away ??= setTimeout(() => this.#end("NATS stayed away"), AWAY_MS_MAX);
      else if (status.type === "reconnect") this.#back();
    }
  }

  #back(): void {
    clearTimeout(this.#away);
    this.#away = undefined;
  }

  #end(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#close();
    this.#listener.onEnd(reason);
  }

  #close(): void {
    this.#back();
    this.#messages?.stop();
  }
}
