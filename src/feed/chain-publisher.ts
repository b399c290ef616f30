/**
 * Publishes runs of messages onto the end of a stream, one answer a run.
 *
 * P1. Every message expects the sequence of the one before it (`Nats-Expected-Last-Sequence`), and within a run its id too
 *     (`Nats-Expected-Last-Msg-Id`); the server enforces both with and without a reply subject. So the answer to the last message
 *     of a run proves that all of the run is stored, in order. The sequence alone would not: when another writer was faster, the
 *     message in the middle of a refused run whose number happens to fit would be taken.
 * P2. Anything but the expected answer is ChainBroken: the caller reads the tail of the stream and starts again from there.
 * P3. From its second run on a publisher has the first message of a run expect the id before it too. So a message that comes late, after
 *     the server lost the end of the stream and another writer filled the same numbers, does not fit. One publisher serves one session.
 *
 * Cost: nats.js encodes a header object of three fields in about 3 us. Here the header block is written as text and handed over
 * by an object of the library's own making whose `encode` returns those bytes: `publish` calls nothing else of it.
 */

import { headers, type MsgHdrs, type NatsConnection } from "@nats-io/nats-core";

export interface ChainMessage {
  readonly subject: string;
  /** `Nats-Msg-Id`: names this message and, for as long as the server remembers ids, no other. ASCII or UTF-8, no line breaks. */
  readonly id: string;
  /** Further header lines, each ended by CR LF; ASCII or UTF-8, no line breaks within. */
  readonly headerLines: string;
  readonly body: string;
}

/** The run may be stored in part, whole, or not at all. */
export class ChainBroken extends Error {
  override readonly name = "ChainBroken";
}

export const ID_HEADER = "Nats-Msg-Id";

const ACK_MS_MAX = 5_000;

export interface RunPublisher {
  /** Stores `run` (1 to 1,000 messages) as the sequences `last + 1 ...`; resolves to the new last sequence. Rejects with ChainBroken. */
  append(run: readonly ChainMessage[], last: number): Promise<number>;
  /** The connection was lost: the answer waited for will not come. nats.js would let the request run into its time-out. */
  lost(): void;
}

export interface PubAck {
  readonly seq?: number;
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string };
}

export class ChainPublisher implements RunPublisher {
  readonly #connection: NatsConnection;
  readonly #headers = new EncodedHeaders();
  #waiting: PromiseWithResolvers<never> | undefined;
  /** Id of the message that this publisher stored last. */
  #lastId: string | undefined;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
  }

  async append(run: readonly ChainMessage[], last: number): Promise<number> {
    const end = run.length - 1;
    let previous = this.#lastId;
    this.#lastId = undefined;
    for (let i = 0; i < end; i++) {
      const message = run[i] as ChainMessage;
      this.#send(message, last + i, previous);
      previous = message.id;
    }
    const final = run[end] as ChainMessage;
    const ack = await this.#sendLast(final, last + end, previous);
    if (ack.seq !== last + run.length) throw new ChainBroken(`expected sequence ${last + run.length}, got ${reasonOf(ack)}`);
    this.#lastId = final.id;
    return ack.seq;
  }

  lost(): void {
    this.#waiting?.reject(new ChainBroken("the connection was lost"));
  }

  #send(message: ChainMessage, expected: number, previous: string | undefined): void {
    this.#headers.bytes = headerBytes(message, expected, previous);
    this.#publish(() => this.#connection.publish(message.subject, message.body, { headers: this.#headers.object }));
  }

  async #sendLast(message: ChainMessage, expected: number, previous: string | undefined): Promise<PubAck> {
    const { object } = new EncodedHeaders(headerBytes(message, expected, previous));
    this.#waiting = Promise.withResolvers<never>();
    try {
      const answer = this.#connection.request(message.subject, message.body, { timeout: ACK_MS_MAX, headers: object });
      return (await Promise.race([answer, this.#waiting.promise])).json<PubAck>();
    } catch (cause) {
      throw new ChainBroken(cause instanceof Error ? cause.message : String(cause), { cause });
    } finally {
      this.#waiting = undefined;
    }
  }

  #publish(send: () => void): void {
    try {
      send();
    } catch (cause) {
      throw new ChainBroken(cause instanceof Error ? cause.message : String(cause), { cause });
    }
  }
}

export function reasonOf(ack: PubAck): string {
  return ack.error === undefined ? String(ack.seq) : `${ack.error.err_code ?? ack.error.code} ${ack.error.description ?? ""}`;
}

function headerBytes(message: ChainMessage, expected: number, previous: string | undefined): Uint8Array {
  const chained = previous === undefined ? "" : `Nats-Expected-Last-Msg-Id: ${previous}\r\n`;
  return Buffer.from(
    `NATS/1.0\r\nNats-Expected-Last-Sequence: ${expected}\r\n${chained}${ID_HEADER}: ${message.id}\r\n${message.headerLines}\r\n`,
  );
}

/** A header object of the library's own making whose bytes are set from outside, see "Cost" above. */
export class EncodedHeaders {
  bytes: Uint8Array;
  readonly object: MsgHdrs;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.bytes = bytes;
    this.object = Object.assign(headers(), { encode: (): Uint8Array => this.bytes });
  }
}
