/**
 * Web shops: orders, baskets and what people look at. All of it is demand, none of it moves stock: an order holds its units by a reservation, made by the
 * reservation API, and they leave when the warehouse ships or the reservation is fulfilled. Counting an order as a sale, too, would take them twice.
 */

import Type from "typebox";
import { Draft } from "./draft.ts";
import { Code, closed, FormsByEvent, Item, lines, event as named, Place, Quantity, Text, Time } from "./form.ts";
import type { Interpretation, SourceContext, SourceEvent } from "./interpretation.ts";

const OrderLine = closed({ item: Item, quantity: Quantity, location: Type.Optional(Place) });
const order = {
  order: Code("Id of the order", "W-1001"),
  at: Type.Optional(Time),
  channel: Type.Optional(Text("Where it was placed", "web")),
  reservation: Type.Optional(Text("The reservation that holds its units")),
};
const visit = { at: Type.Optional(Time), channel: order.channel, session: Type.Optional(Text("Of the visitor")) };
const cart = { ...visit, cart: Code("Id of the basket", "c-77") };

export const ECOMMERCE_FORMS = {
  "order-placed": closed({ event: named("order-placed"), ...order, lines: lines(OrderLine) }),
  "order-changed": closed({
    event: named("order-changed"),
    ...order,
    lines: lines(OrderLine),
    reason: Type.Optional(Text("Why")),
  }),
  "order-cancelled": closed({
    ...{ event: named("order-cancelled"), ...order },
    ...{ lines: Type.Optional(lines(OrderLine)), reason: Type.Optional(Text("Why")) },
  }),
  "page-view": closed({ event: named("page-view"), ...visit, item: Item }),
  "cart-add": closed({ event: named("cart-add"), ...cart, item: Item, quantity: Quantity }),
  "cart-remove": closed({ event: named("cart-remove"), ...cart, item: Item, quantity: Quantity }),
  "cart-abandoned": closed({ event: named("cart-abandoned"), ...cart, lines: Type.Optional(lines(OrderLine)) }),
};

const forms = new FormsByEvent(ECOMMERCE_FORMS);

export function interpretEcommerce(event: SourceEvent, context: SourceContext): Interpretation {
  const read = forms.read(event.data);
  if ("problem" in read) return read.problem;
  const { form } = read;
  const draft = new Draft(event, context);
  const at = draft.time("/data/at", form.at, context.location);
  const reference = "order" in form ? form.order : "cart" in form ? form.cart : undefined;
  const detail = { channel: form.channel, ...("session" in form ? { session: form.session } : {}) };
  const wanted = "item" in form ? [{ item: form.item, quantity: "quantity" in form ? form.quantity : 1 }] : (form.lines ?? []);
  const path = (index: number): string => ("item" in form ? "/data" : `/data/lines/${index}`);
  for (const [index, line] of wanted.entries()) {
    const item = draft.item(`${path(index)}/item`, line.item);
    if (item === undefined) continue;
    const place = "location" in line ? line.location : undefined;
    const location = place === undefined ? context.location : draft.place(`${path(index)}/location`, place);
    const quantity = draft.units(`${path(index)}/quantity`, line.quantity, item);
    draft.signal({ kind: form.event, at, sku: item.sku, location, quantity, reference, detail });
  }
  if (wanted.length === 0) draft.signal({ kind: form.event, at, reference, detail });
  return draft.result(`${form.event} is demand and moves no stock; reservations hold it, shipments and sales move it`);
}
