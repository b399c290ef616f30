/**
 * Where events go that cannot be read or applied: kept with the reason until somebody mends and replays them.
 *
 * D1. `put` resolves when the letter is on disk. Putting the same `key` again within two minutes keeps one.
 * D2. A letter stays until `remove`, or until it is older than the store keeps any.
 */

export interface DeadLetter {
  /** The same for the same delivery, so that a repeat of it makes no second letter. */
  readonly key: string;
  /** Where it came in: a subject, or `http`. */
  readonly subject: string;
  readonly source: string;
  readonly location?: string | undefined;
  /** JSON pointer into the event, empty for the whole. */
  readonly path: string;
  readonly reason: string;
  /** When it was given up, ms since 1970. */
  readonly at: number;
  /** As it came. */
  readonly body: Uint8Array;
}

export interface KeptLetter extends Omit<DeadLetter, "key"> {
  /** Grows with each letter, from 1. */
  readonly seq: number;
}

export interface DeadLetters {
  /** Resolves to its number. Rejects when it is not known to be kept. */
  put(letter: DeadLetter): Promise<number>;
  get(seq: number): Promise<KeptLetter | undefined>;
  /** In order, those behind `after`, at most `limit`. */
  list(after: number, limit: number): Promise<readonly KeptLetter[]>;
  /** Resolves also when it is not there. */
  remove(seq: number): Promise<void>;
}
