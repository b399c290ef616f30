/**
 * Branded identifiers and the one rule of what a valid id looks like.
 *
 * A brand makes it a type error to pass a SKU where a location is wanted; it costs nothing at run time.
 */

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** What is stocked. 1 to 64 Unicode code points, see {@link idProblem}. */
export type Sku = Brand<string, "Sku">;
/** Where it is stocked. Same form as a SKU. */
export type LocationId = Brand<string, "LocationId">;
/** Names a reservation; carries the hash of its first SKU, see reservation/reservation-id.ts. */
export type ReservationId = Brand<string, "ReservationId">;
/** A shard number, 0 to S-1. */
export type ShardId = Brand<number, "ShardId">;
/** Position of a record in a journal lane: the JetStream stream sequence, 1 for the first; 0 means "before the first". */
export type LaneSeq = Brand<number, "LaneSeq">;
/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = Brand<number, "EpochMs">;

/** Longest SKU or location id, in Unicode code points. */
export const ID_CODE_POINTS_MAX = 64;

const CONTROL_OR_UNPAIRED = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;
const PLAIN = /^[A-Za-z0-9_-][A-Za-z0-9_\-.:/]{0,63}$/;

/**
 * Says why a text cannot be a SKU or location id, or undefined when it can.
 * Refused: empty, more than 64 code points, control or unprintable characters, white space at either end, `.` and `..`.
 */
export function idProblem(text: string): string | undefined {
  if (PLAIN.test(text)) return undefined;
  if (text.length === 0) return "must not be empty";
  if (text.length > 2 * ID_CODE_POINTS_MAX || [...text].length > ID_CODE_POINTS_MAX) {
    return `must have at most ${ID_CODE_POINTS_MAX} characters`;
  }
  if (text === "." || text === "..") return "must not be . or ..";
  if (text.trim() !== text) return "must not begin or end with white space";
  if (CONTROL_OR_UNPAIRED.test(text)) return "must not contain control or unprintable characters";
  return undefined;
}
