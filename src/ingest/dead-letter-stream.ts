/** Dead letters in the stream STOCK_DEADLETTER: one message each, the original bytes as its body, what is known of it in headers. */

import { jetstream, type StoredMsg } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "@nats-io/nats-core";
import type { DeadLetter, DeadLetters, KeptLetter } from "../ports/index.ts";
import { KeptStream } from "./kept-stream.ts";
import { subjectToken } from "./subject.ts";

export const DEADLETTER_STREAM = "STOCK_DEADLETTER";
const SUBJECTS = "stock.deadletter.>";
/** Longer than anybody takes to look. */
const AGE_MS_MAX = 30 * 24 * 3_600_000;
const HEADERS = {
  subject: "Stockgrid-Subject",
  path: "Stockgrid-Path",
  reason: "Stockgrid-Reason",
  at: "Stockgrid-Time",
} as const;
const REASON_LENGTH_MAX = 1_024;

export class DeadLetterStream implements DeadLetters {
  readonly #connection: NatsConnection;
  readonly #stream: KeptStream;

  /** It is made with the first letter. Borrows the connection. */
  constructor(connection: NatsConnection, replicas: number) {
    this.#connection = connection;
    this.#stream = new KeptStream(connection, { name: DEADLETTER_STREAM, subject: SUBJECTS, ageMsMax: AGE_MS_MAX, replicas });
  }

  async put(letter: DeadLetter): Promise<number> {
    await this.#stream.manager();
    const { source, location, key, subject, path, reason, at, body } = letter;
    const head = headers();
    head.set(HEADERS.subject, encodeURI(subject));
    head.set(HEADERS.path, encodeURIComponent(path));
    // Headers are lines of ASCII; reasons quote what strangers sent.
    head.set(HEADERS.reason, encodeURIComponent(reason.slice(0, REASON_LENGTH_MAX).toWellFormed()));
    head.set(HEADERS.at, String(at));
    const to = `stock.deadletter.${subjectToken(source)}.${subjectToken(location ?? "")}`;
    const { seq } = await jetstream(this.#connection).publish(to, body, { msgID: encodeURIComponent(key), headers: head });
    return seq;
  }

  async get(seq: number): Promise<KeptLetter | undefined> {
    const manager = await this.#stream.manager();
    const message = await manager.streams.getMessage(DEADLETTER_STREAM, { seq });
    return message === null ? undefined : letterOf(message);
  }

  async list(after: number, limit: number): Promise<readonly KeptLetter[]> {
    const manager = await this.#stream.manager();
    const letters: KeptLetter[] = [];
    for (let seq = after + 1; letters.length < limit; ) {
      const message = await manager.direct.getMessage(DEADLETTER_STREAM, { seq, next_by_subj: SUBJECTS });
      if (message === null) break;
      letters.push(letterOf(message));
      seq = message.seq + 1;
    }
    return letters;
  }

  async remove(seq: number): Promise<void> {
    const manager = await this.#stream.manager();
    if ((await manager.streams.getMessage(DEADLETTER_STREAM, { seq })) !== null) {
      await manager.streams.deleteMessage(DEADLETTER_STREAM, seq, false);
    }
  }
}

function letterOf({ seq, subject, header, data }: StoredMsg): KeptLetter {
  const [, , source = "", token = ""] = subject.split(".").map(decodeURIComponent);
  const read = (name: string): string => decodeURIComponent(header?.get(name) ?? "");
  return {
    seq,
    subject: decodeURI(header?.get(HEADERS.subject) ?? ""),
    source,
    ...(token === EMPTY ? {} : { location: token }),
    path: read(HEADERS.path),
    reason: read(HEADERS.reason),
    at: Number(header?.get(HEADERS.at) ?? 0),
    body: Uint8Array.from(data),
  };
}

/** What {@link subjectToken} makes of no location. */
const EMPTY = "-";
