/** Ids and keys of requests, read into their types. The rules of texts and times are those of src/forms. */

import { idProblem, type LocationId, type ReservationId, type Sku } from "../../base/index.ts";
import { idError, keyError } from "../../forms/index.ts";
import { skuHashOfReservationId } from "../../reservation/index.ts";
import { bad, good, type Parsed } from "./check.ts";
import { invalidRequest, noSuchReservation } from "./problems.ts";

export { idError, keyError, textError, timeError, timeOf } from "../../forms/index.ts";

/** `path` says where the text came from, such as `sku`. */
export function parseSku(text: string, path = "sku"): Parsed<Sku> {
  const error = idError(path, text);
  return error === undefined ? good(text as Sku) : bad(invalidRequest([error]));
}

export function parseLocationId(text: string, path = "location"): Parsed<LocationId> {
  const error = idError(path, text);
  return error === undefined ? good(text as LocationId) : bad(invalidRequest([error]));
}

/** An id that was never given out is one of nothing: `not-found`. */
export function parseReservationId(text: string): Parsed<ReservationId> {
  if (skuHashOfReservationId(text) === undefined) return bad(noSuchReservation(printable(text)));
  return good(text as ReservationId);
}

const ECHO_LENGTH_MAX = 64;
const printable = (text: string): string =>
  idProblem(text) === undefined ? text : JSON.stringify(text.slice(0, ECHO_LENGTH_MAX));

export function parseIdempotencyKey(key: string, path: string): Parsed<string> {
  const error = keyError(path, key);
  return error === undefined ? good(key) : bad(invalidRequest([error]));
}
