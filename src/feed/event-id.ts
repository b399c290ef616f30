/**
 * The identity of a published event, `<lane>-<record>-<entry>`: where in the journal it comes from. Deterministic, so that an
 * event published again after a loss has the id it had before, and so that the last published id is the cursor.
 */

export interface EventPlace {
  /** Sequence of the journal record. */
  readonly seq: number;
  /** Index of the entry in the record, from 0. */
  readonly index: number;
}

const NUMBERS = /^(\d{1,15})-(\d{1,9})$/;

export function eventId(lane: string, seq: number, index: number): string {
  return `${lane}-${seq}-${index}`;
}

/** The place an id names, or undefined when it is not an id of this lane. */
export function placeOfEventId(lane: string, id: string): EventPlace | undefined {
  if (!id.startsWith(`${lane}-`)) return undefined;
  const match = NUMBERS.exec(id.slice(lane.length + 1));
  return match === null ? undefined : { seq: Number(match[1]), index: Number(match[2]) };
}
