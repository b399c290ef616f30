/** What the reply subject of a delivered message says of it (ADR-15 of NATS). */

const TOKENS_SHORT = 9;
/** Tokens that stand before the stream's name in the long form, for domain and account. */
const LONG_SHIFT = 2;

export interface Delivery {
  readonly streamSeq: number;
  /** 1 for the first message of the consumer, without holes. */
  readonly consumerSeq: number;
  /** Messages that the consumer has still to deliver. */
  readonly pending: number;
}

/** `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>`, or with domain and account after `ACK`. */
export function parseDelivery(reply: string): Delivery {
  const tokens = reply.split(".");
  const shift = tokens.length === TOKENS_SHORT ? 0 : LONG_SHIFT;
  return { streamSeq: Number(tokens[5 + shift]), consumerSeq: Number(tokens[6 + shift]), pending: Number(tokens[8 + shift]) };
}
