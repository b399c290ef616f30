/**
 * Suppliers: what is on its way. Nothing here moves stock; goods count when the warehouse receives them. Lines become signals of expected supply, with what is
 * known of when it is due.
 *
 * An ASN comes as the JSON form or as an X12 856 interchange: as text in `data`, or base64 in `data_base64`.
 */

import Type from "typebox";
import { isSscc } from "../identifiers/index.ts";
import { Draft } from "./draft.ts";
import { Code, closed, DateText, FormsByEvent, Item, lines, event as named, Place, Quantity, Text, Time } from "./form.ts";
import type { Interpretation, SourceContext, SourceEvent } from "./interpretation.ts";
import { interpretX12 } from "./x12.ts";

const Due = DateText;
const line = { item: Item, quantity: Quantity };
const order = {
  order: Code("Id of the purchase order", "po-4711"),
  supplier: Type.Optional(Text("Who delivers")),
  location: Type.Optional(Place),
  at: Type.Optional(Time),
};
const shipment = {
  shipment: Code("Id of the shipment", "S-900"),
  order: Type.Optional(order.order),
  location: Type.Optional(Place),
  at: Type.Optional(Time),
};

export const SUPPLIER_FORMS = {
  "purchase-order": closed({
    ...{ event: named("purchase-order"), ...order, due: Type.Optional(Due) },
    lines: lines(closed({ ...line, due: Type.Optional(Due) })),
  }),
  asn: closed({
    ...{ event: named("asn"), ...shipment, due: Type.Optional(Due) },
    lines: lines(
      closed({
        ...{ ...line, order: Type.Optional(order.order), due: Type.Optional(Due) },
        ...{
          sscc: Type.Optional(Text("The logistic unit it is in")),
          lot: Type.Optional(Text("Batch")),
          expiry: Type.Optional(DateText),
        },
      }),
    ),
  }),
  "shipment-status": closed({
    ...{ event: named("shipment-status"), ...shipment },
    ...{
      status: Type.Enum(["booked", "picked-up", "in-transit", "customs", "arrived", "delivered", "lost"]),
      eta: Type.Optional(Due),
    },
  }),
  delay: closed({
    ...{
      event: named("delay"),
      order: Type.Optional(order.order),
      shipment: Type.Optional(shipment.shipment),
      location: Type.Optional(Place),
    },
    ...{
      at: Type.Optional(Time),
      due: Due,
      reason: Type.Optional(Text("Why")),
      lines: Type.Optional(lines(closed({ item: Item }))),
    },
  }),
};

const forms = new FormsByEvent(SUPPLIER_FORMS);

/** A line of any of them. */
interface AnyLine {
  readonly item: string;
  readonly quantity?: number | undefined;
  readonly sscc?: string | undefined;
}

type Form = Extract<ReturnType<typeof forms.read>, { form: unknown }>["form"];

export function interpretSupplier(event: SourceEvent, context: SourceContext): Interpretation {
  if (typeof event.data === "string") return interpretX12(event.data, new Draft(event, context));
  const read = forms.read(event.data);
  if ("problem" in read) return read.problem;
  const { form } = read;
  const draft = new Draft(event, context);
  if (form.event === "delay" && form.order === undefined && form.shipment === undefined)
    draft.fail("/data", "lacks order or shipment");
  const location = form.location === undefined ? context.location : draft.home("/data/location", form.location);
  const at = draft.time("/data/at", form.at, location);
  const reference = "shipment" in form ? (form.shipment ?? form.order) : form.order;
  const shared = { kind: form.event, at, location, reference };
  const detail = detailOf(form);
  const formLines: readonly AnyLine[] = "lines" in form ? (form.lines ?? []) : [];
  for (const [index, each] of formLines.entries()) {
    const path = `/data/lines/${index}`;
    const item = draft.item(`${path}/item`, each.item);
    if (item === undefined) continue;
    const quantity = each.quantity === undefined ? undefined : draft.units(`${path}/quantity`, each.quantity, item);
    if (each.sscc !== undefined && !isSscc(each.sscc)) draft.fail(`${path}/sscc`, "must be 18 digits with a right check digit");
    const { item: _item, quantity: _quantity, ...more } = each;
    draft.signal({ ...shared, sku: item.sku, quantity, detail: { ...detail, ...more } });
  }
  if (formLines.length === 0) draft.signal({ ...shared, detail });
  return draft.result(`${form.event} tells of supply to come; stock moves when it is received`);
}

function detailOf(form: Form): Readonly<Record<string, unknown>> {
  const { event: _event, location: _location, at: _at, ...rest } = form;
  const { lines: _lines, ...detail } = rest as Record<string, unknown>;
  return detail;
}
