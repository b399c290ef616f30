/**
 * Messages between members. A link is a datagram service: a message arrives once, or never, and what arrives is what was sent. Between two
 * members messages keep their order. Whoever needs an answer asks again or gives up; see router/.
 */

export interface Links {
  /** Never blocks and never throws for a member that is away; not to oneself. The bytes are the receiver's from here on. */
  send(to: string, message: Uint8Array): void;
  /** Sets the one receiver of messages for this member; `from` is the lane of the sender. Set before anything is sent. */
  receive(onMessage: (from: string, message: Uint8Array) => void): void;
  /** Largest message in bytes; to send a larger one is a broken invariant. */
  readonly messageBytesMax: number;
}
