/**
 * What the grid takes today of what sources say. This file goes when the grid knows `ship`, `pick`, `pack`, `putaway` and `void` itself.
 *
 * `ship` is a sale with the reason `ship`; `pick`, `pack` and `putaway` move nothing that is counted; `void` gives back or takes back what the
 * movement that it undoes took or gave. Lots and serials are dropped.
 */

import { type Movement, QUARANTINE_REASON } from "../stock/index.ts";
import type { SourceMovement, SourceMovementType } from "./source-movement.ts";

/** Undefined for what has no movement today. */
export function movementOfToday(given: SourceMovement): Movement | undefined {
  const { type, reverses, undoes, lot: _lot, expiry: _expiry, serials: _serials, ...rest } = given;
  switch (type) {
    case "pick":
    case "pack":
    case "putaway":
      return undefined;
    case "ship":
      return { ...rest, type: "sale", reason: rest.reason ?? "ship" };
    case "void":
      return undo(
        given,
        { ...rest, reason: rest.reason ?? "void", reference: rest.reference ?? reverses?.slice(0, 256) },
        undoes,
      );
    default:
      return { ...rest, type };
  }
}

/** Sign with which each type reaches what is on hand; 0 where it cannot be undone by a number. */
const SIGN: Readonly<Record<SourceMovementType, -1 | 0 | 1>> = {
  receipt: 1,
  return: 1,
  "transfer-in": 1,
  adjustment: 1,
  sale: -1,
  ship: -1,
  damage: -1,
  "transfer-out": -1,
  count: 0,
  pick: 0,
  pack: 0,
  putaway: 0,
  void: 0,
};

function undo(given: SourceMovement, rest: Omit<Movement, "type">, undoes: SourceMovement["undoes"]): Movement | undefined {
  if (undoes === undefined || (undoes.type === "damage" && undoes.reason === QUARANTINE_REASON)) return undefined;
  const sign = SIGN[undoes.type];
  if (sign === 0) return undefined;
  return undoes.type === "sale" ? { ...rest, type: "return" } : { ...rest, type: "adjustment", quantity: -sign * given.quantity };
}
