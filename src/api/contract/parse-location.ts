/** Bodies about locations. */

import type { LocationId } from "../../base/index.ts";
import type { Location } from "../../shard/index.ts";
import { bad, checked, checkOf, good, type Parsed } from "./check.ts";
import { idError, textError } from "./check-text.ts";
import { ATTRIBUTES_DEPTH_MAX, ATTRIBUTES_LENGTH_MAX } from "./limits.ts";
import { type FieldError, invalidRequest } from "./problems.ts";
import { type LocationBody, LocationSchema } from "./schemas/index.ts";

const location = checkOf(LocationSchema);

export type LocationToPut = Omit<Location, "version" | "updatedAt">;

export function parseLocation(id: string, body: unknown): Parsed<LocationToPut> {
  const read = checked(location, body);
  if (!read.ok) return read;
  const error = idError("location", id) ?? locationError(read.value);
  return error === undefined ? good({ id: id as LocationId, ...read.value }) : bad(invalidRequest([error]));
}

function locationError(body: LocationBody): FieldError | undefined {
  return (
    textError("/name", body.name) ??
    textError("/postalCode", body.postalCode) ??
    timeZoneError(body.timeZone) ??
    attributesError(body.attributes)
  );
}

function timeZoneError(name: string | undefined): FieldError | undefined {
  if (name === undefined) return undefined;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return undefined;
  } catch (error) {
    return { path: "/timeZone", message: error instanceof RangeError ? "must be a time zone of the IANA list" : String(error) };
  }
}

function attributesError(attributes: LocationBody["attributes"]): FieldError | undefined {
  if (attributes === undefined) return undefined;
  if (deeperThan(attributes, ATTRIBUTES_DEPTH_MAX))
    return { path: "/attributes", message: `must not nest more than ${ATTRIBUTES_DEPTH_MAX} levels` };
  if (JSON.stringify(attributes).length > ATTRIBUTES_LENGTH_MAX) {
    return { path: "/attributes", message: `must have at most ${ATTRIBUTES_LENGTH_MAX} characters as JSON` };
  }
  return undefined;
}

function deeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => deeperThan(member, levels - 1));
}
