/**
 * A participation: what one shard knows of a reservation whose home is another shard, namely how much of its own stock the
 * reservation has.
 *
 * Q1. It changes only by a word of the home shard with a higher version; an older or equal one changes nothing. So words may be
 *     lost, repeated and overtake one another.
 * Q2. What a word changes is the difference between its levels and the recorded ones: one word does what all before it would have.
 * Q3. A word before any hold records that the hold came too late.
 */

import type { EpochMs, ReservationId } from "../base/index.ts";
import type { LineChange, ReservationLine } from "./reservation.ts";

export type ParticipationLine = Pick<ReservationLine, "sku" | "location" | "held" | "allocated" | "fulfilled">;

export interface Participation {
  readonly id: ReservationId;
  /** Of the reservation, as of the newest word; 1 is the hold. */
  readonly version: number;
  /** The reservation's lines in this shard, in its order. */
  readonly lines: readonly ParticipationLine[];
  readonly at: EpochMs;
}

/** The participation after a word, and what changes: lines by their index in the word. */
export interface Followed {
  readonly participation: Participation;
  readonly changes: readonly LineChange[];
}

/**
 * Undefined when the word is not newer. `base` are the levels to count from when nothing is recorded, line by line. Without them it was
 * never held or was forgotten after it had ended: then nothing is taken from stock a second time. O(lines).
 */
export function decideFollow(
  recorded: Participation | undefined,
  word: Participation,
  base?: readonly ParticipationLine[],
): Followed | undefined {
  if (recorded !== undefined && recorded.version >= word.version) return undefined;
  const from = recorded?.lines ?? base;
  const changes: LineChange[] = [];
  word.lines.forEach((line, index) => {
    const before = lineBefore(from, line, index);
    const held = line.held - before.held;
    const allocated = line.allocated - before.allocated;
    const fulfilled = line.fulfilled - before.fulfilled;
    if (held !== 0 || allocated !== 0 || fulfilled !== 0) changes.push({ line: index, held, allocated, fulfilled });
  });
  return { participation: word, changes };
}

/** Nothing of it is held or allocated any more; later words take nothing from stock. */
export function isOver({ lines }: Participation): boolean {
  return lines.every((line) => line.held === 0 && line.allocated === 0);
}

function lineBefore(
  lines: readonly ParticipationLine[] | undefined,
  { sku, location, fulfilled }: ParticipationLine,
  index: number,
): Pick<ParticipationLine, "held" | "allocated" | "fulfilled"> {
  const matches = (line: ParticipationLine | undefined): boolean => line?.sku === sku && line.location === location;
  const at = lines?.[index];
  const found = matches(at) ? at : lines?.find(matches);
  return found ?? { held: 0, allocated: 0, fulfilled };
}
