/**
 * Returns. Goods that come back are counted once they are restocked: until then they are not for sale and not on the books, and what is written off never is.
 *
 * `saleMovement` ties a restocked unit to the sale it follows from, so that it waits for a sale that is told later.
 */

import Type from "typebox";
import { Draft } from "./draft.ts";
import { Code, closed, DateText, FormsByEvent, Item, lines, event as named, Place, Quantity, Text, Time } from "./form.ts";
import type { Interpretation, SourceContext, SourceEvent } from "./interpretation.ts";

const line = {
  item: Item,
  quantity: Quantity,
  lot: Type.Optional(Text("Batch")),
  expiry: Type.Optional(DateText),
  serials: Type.Optional(Type.Array(Text("Of one piece"), { minItems: 1, maxItems: 1_000 })),
};
const Line = closed(line);
const shared = {
  return: Code("Id of the return", "R-501"),
  order: Type.Optional(Text("The order that it is of", "W-1001")),
  location: Type.Optional(Place),
  at: Type.Optional(Time),
};

export const RETURNS_FORMS = {
  authorised: closed({
    event: named("authorised"),
    ...shared,
    lines: lines(Line),
    reason: Type.Optional(Text("Why it comes back")),
  }),
  received: closed({ event: named("received"), ...shared, lines: lines(Line) }),
  inspected: closed({
    ...{ event: named("inspected"), ...shared },
    lines: lines(closed({ ...line, verdict: Type.Enum(["as-new", "opened", "damaged", "wrong-item", "missing"]) })),
  }),
  restocked: closed({
    ...{ event: named("restocked"), ...shared },
    lines: lines(
      closed({ ...line, saleMovement: Type.Optional(Text("Id of the movement of its sale", "/tills/12 12/3/2026-03-01/114-2")) }),
    ),
  }),
  "written-off": closed({
    event: named("written-off"),
    ...shared,
    lines: lines(Line),
    reason: Type.Optional(Text("Why it is not sold again")),
  }),
};

const forms = new FormsByEvent(RETURNS_FORMS);

/** A line of any of them. */
interface AnyLine {
  readonly item: string;
  readonly quantity: number;
  readonly lot?: string | undefined;
  readonly expiry?: string | undefined;
  readonly serials?: readonly string[] | undefined;
  readonly verdict?: string | undefined;
  readonly saleMovement?: string | undefined;
}

export function interpretReturns(event: SourceEvent, context: SourceContext): Interpretation {
  const read = forms.read(event.data);
  if ("problem" in read) return read.problem;
  const { form } = read;
  const draft = new Draft(event, context);
  const location = draft.home("/data/location", form.location);
  if (location === undefined) return draft.result("");
  const at = draft.time("/data/at", form.at, location);
  const reference = draft.text("/data/return", form.return);
  for (const [index, each] of (form.lines as readonly AnyLine[]).entries()) {
    const path = `/data/lines/${index}`;
    const item = draft.item(`${path}/item`, each.item);
    const quantity = item === undefined ? undefined : draft.units(`${path}/quantity`, each.quantity, item);
    if (item === undefined || quantity === undefined) continue;
    const { lot, expiry, serials } = each;
    for (const text of [lot, ...(serials ?? [])]) draft.text(path, text);
    if (form.event === "restocked") {
      const reverses = draft.text(`${path}/saleMovement`, each.saleMovement);
      const goods = { sku: item.sku, location, quantity, occurredAt: at, reference, lot, expiry, serials };
      draft.move(index + 1, { type: "return", ...goods, reason: "restocked", reverses });
      continue;
    }
    const detail = { order: form.order, verdict: each.verdict, ...("reason" in form ? { reason: form.reason } : {}) };
    draft.signal({ kind: `return-${form.event}`, at, sku: item.sku, location, quantity, reference, detail });
  }
  return draft.result(`a return that is ${form.event} is not on the books; it is once it is restocked`);
}
