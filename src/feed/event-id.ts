/**
 * The identity of a published event, `<lane>-<record>-<entry>`: where in the journal it comes from. Deterministic, so that an
 * event published again after a loss has the id it had before, and so that the ids at the tail tell how far each lane was published.
 */

export interface EventPlace {
  readonly lane: string;
  /** Sequence of the journal record. */
  readonly seq: number;
  /** Index of the entry in the record, from 0. */
  readonly index: number;
}

/** The name of a lane may have `-` in it: the numbers are the last two. */
const ID = /^(.+)-(\d{1,15})-(\d{1,9})$/;

export function eventId(lane: string, seq: number, index: number): string {
  return `${lane}-${seq}-${index}`;
}

/** The place an id names, or undefined when it is not an id of an event. */
export function placeOfEventId(id: string): EventPlace | undefined {
  const match = ID.exec(id);
  return match?.[1] === undefined ? undefined : { lane: match[1], seq: Number(match[2]), index: Number(match[3]) };
}
