/** Picks the interpreter of a source. A plain movement is taken from every source. */

import { keyError } from "../forms/index.ts";
import { MOVEMENT_TYPES } from "../stock/index.ts";
import { interpretEcommerce } from "./ecommerce.ts";
import type { Interpretation, Interpreter, Source, SourceContext, SourceEvent } from "./interpretation.ts";
import { interpretPos } from "./pos.ts";
import { interpretReturns } from "./returns.ts";
import { interpretRfid } from "./rfid.ts";
import { interpretSupplier } from "./supplier.ts";
import { interpretWms } from "./wms.ts";

const INTERPRETERS: Readonly<Record<Source, Interpreter>> = {
  pos: interpretPos,
  ecommerce: interpretEcommerce,
  wms: interpretWms,
  rfid: interpretRfid,
  supplier: interpretSupplier,
  returns: interpretReturns,
};

const PLAIN_TYPES: ReadonlySet<unknown> = new Set(MOVEMENT_TYPES);

/** Never throws on what strangers send. O(size of the event). */
export function interpret(event: SourceEvent, context: SourceContext): Interpretation {
  const { data } = event;
  if (isPlain(data)) return interpretPlain(event, data, context);
  const isForm =
    typeof data === "string" ? context.source === "supplier" : typeof data === "object" && data !== null && !Array.isArray(data);
  if (!isForm) return { kind: "problem", path: "/data", reason: "must be a movement or a form of the source, as a JSON object" };
  return INTERPRETERS[context.source](event, context);
}

type JsonObject = Readonly<Record<string, unknown>>;

/** By its members: no form of a source has a SKU, or a type that is one of a movement. */
function isPlain(data: unknown): data is JsonObject {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return false;
  return Object.hasOwn(data, "sku") || PLAIN_TYPES.has((data as JsonObject)["type"]);
}

function interpretPlain(event: SourceEvent, data: JsonObject, { location, parseMovement }: SourceContext): Interpretation {
  const key = `${event.source} ${event.id}`;
  const wrongKey = Object.hasOwn(data, "id") ? undefined : keyError("", key);
  if (wrongKey !== undefined) return { kind: "problem", path: "/id", reason: `${wrongKey.message} together with the source` };
  const parsed = parseMovement({ id: key, ...data });
  if (!parsed.ok) return { kind: "problem", path: "/data", reason: parsed.problem.detail };
  if (location !== undefined && parsed.value.location !== location) {
    return {
      kind: "problem",
      path: "/data/location",
      reason: `is ${parsed.value.location}, but the event was sent for ${location}`,
    };
  }
  return { kind: "understood", movements: [parsed.value], signals: [], why: "" };
}
