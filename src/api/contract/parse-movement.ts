/** Bodies about movements, read item by item: a bad item becomes its own refusal and leaves the rest alone. */

import type { LocationId, Sku } from "../../base/index.ts";
import type { Movement } from "../../stock/index.ts";
import { bad, checkOf, good, type Parsed } from "./check.ts";
import { idError, keyError, textError, timeError, timeOf } from "./check-text.ts";
import { MOVEMENTS_MAX } from "./limits.ts";
import { type FieldError, invalidRequest, type Problem, problem } from "./problems.ts";
import { type MovementBody, MovementSchema } from "./schemas/index.ts";

const movementCheck = checkOf(MovementSchema);

/** The items of a body: one object or an array of them. The items themselves are not looked at. */
export function movementItems(body: unknown): Parsed<readonly unknown[]> {
  if (Array.isArray(body)) {
    if (body.length > MOVEMENTS_MAX) return bad(tooManyMovements(body.length));
    return good(body as readonly unknown[]);
  }
  if (typeof body === "object" && body !== null) return good([body]);
  return bad(invalidRequest([{ path: "", message: "must be one movement or an array of movements" }]));
}

export const tooManyMovements = (count: number): Problem =>
  problem("payload-too-large", `${count} movements were sent, at most ${MOVEMENTS_MAX} are taken at once`);

export function parseMovement(item: unknown): Parsed<Movement> {
  if (!movementCheck.passes(item)) return bad(invalidRequest(movementCheck.errors(item)));
  const error = movementError(item);
  if (error !== undefined) return bad(invalidRequest([error]));
  return good({
    id: item.id,
    type: item.type,
    sku: item.sku as Sku,
    location: item.location as LocationId,
    quantity: item.quantity + 0,
    occurredAt: timeOf(item.occurredAt),
    reason: item.reason,
    reference: item.reference,
    toLocation: item.toLocation as LocationId | undefined,
    reverses: item.reverses,
  });
}

function movementError(item: MovementBody): FieldError | undefined {
  return (
    keyError("/id", item.id) ??
    idError("/sku", item.sku) ??
    idError("/location", item.location) ??
    (item.quantity < 0 && item.type !== "adjustment"
      ? { path: "/quantity", message: "must be 0 or more; only an adjustment is signed" }
      : undefined) ??
    timeError("/occurredAt", item.occurredAt) ??
    textError("/reason", item.reason) ??
    textError("/reference", item.reference) ??
    (item.toLocation === undefined ? undefined : idError("/toLocation", item.toLocation)) ??
    reversesError(item)
  );
}

function reversesError({ id, type, reverses }: MovementBody): FieldError | undefined {
  if (reverses !== undefined) {
    if (reverses === id) return { path: "/reverses", message: "must name another movement than itself" };
    return keyError("/reverses", reverses);
  }
  return type === "void" ? { path: "/reverses", message: "is required: a void names the movement it undoes" } : undefined;
}

/** The id of an item that may be anything, for its result; null when it has none that can be repeated. */
export function readableMovementId(item: unknown): string | null {
  if (typeof item !== "object" || item === null) return null;
  const { id } = item as { readonly id?: unknown };
  return typeof id === "string" && keyError("", id) === undefined ? id : null;
}
