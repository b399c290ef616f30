/** The small schemas that the bodies are made of. What JSON Schema cannot say about ids and times is checked in check-text.ts. */

import Type from "typebox";
import { ID_CODE_POINTS_MAX, QUANTITY_MAX } from "../../../base/index.ts";
import { KEY_LENGTH_MAX, TEXT_LENGTH_MAX } from "../limits.ts";

/** Nothing but the members named; JSON types are never coerced. */
export const CLOSED = { additionalProperties: false } as const;

const ID_BOUNDS = { minLength: 1, maxLength: ID_CODE_POINTS_MAX } as const;
const ID_RULE = "1 to 64 code points, printable, no white space at either end, not `.` or `..`";

export const SkuSchema = Type.String({ ...ID_BOUNDS, description: `What is stocked: ${ID_RULE}`, examples: ["85123A"] });
export const LocationIdSchema = Type.String({ ...ID_BOUNDS, description: `Where: ${ID_RULE}`, examples: ["dc-1"] });
export const ReservationIdSchema = Type.String({
  minLength: 1,
  maxLength: 64,
  description: "Opaque",
  examples: ["0mm7ju2ey00000001-8f00732c"],
});

export const KeySchema = Type.String({ minLength: 1, maxLength: KEY_LENGTH_MAX });

export function text(description: string, example: string): ReturnType<typeof Type.String> {
  return Type.String({ maxLength: TEXT_LENGTH_MAX, description, examples: [example] });
}

export const UnitsSchema = Type.Integer({
  minimum: 0,
  maximum: QUANTITY_MAX,
  description: "Units of the smallest sellable size",
});
export const UnitsToReserveSchema = Type.Integer({ minimum: 1, maximum: QUANTITY_MAX, description: "Units", examples: [2] });
/** A level in an answer; may pass the bounds of a single quantity, and below zero. */
export const LevelSchema = Type.Integer({ description: "Units" });
export const VersionSchema = Type.Integer({ minimum: 0, description: "Grows by one with each event" });
export const TimeSchema = Type.String({
  format: "date-time",
  description: "RFC 3339; answers are in UTC with milliseconds",
  examples: ["2026-03-01T09:30:00.250Z"],
});
