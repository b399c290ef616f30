/** One good event of every kind that each source has, each of one line. Tests and docs go by them. */

import type { Source } from "../../src/sources/index.ts";

export const AT = "2026-03-01T09:30:00Z";

const line = { item: "05012345678900", quantity: 2 };

export const sale = (more: object = {}, goods: object = {}): Record<string, unknown> => ({
  RetailStoreID: "store-9",
  WorkstationID: "3",
  SequenceNumber: 114,
  BusinessDayDate: "2026-03-01",
  EndDateTime: AT,
  RetailTransaction: {
    LineItem: [
      { SequenceNumber: 1, Sale: { ItemType: "Stock", ItemID: "85123A", Quantity: 2, ...goods } },
      { SequenceNumber: 2, Tender: {} },
    ],
    ...more,
  },
});

const OBJECT_EVENT = {
  type: "ObjectEvent",
  eventID: "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
  eventTime: AT,
  eventTimeZoneOffset: "+00:00",
  action: "OBSERVE",
  bizStep: "receiving",
  bizLocation: { id: "urn:epc:id:sgln:0614141.00888.0" },
  epcList: ["urn:epc:id:sgtin:0614141.107346.2017"],
};

export const epcis = (...events: readonly object[]): Record<string, unknown> => ({
  "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
  type: "EPCISDocument",
  schemaVersion: "2.0",
  creationDate: AT,
  epcisBody: { eventList: events },
});

export const objectEvent = (more: object = {}): Record<string, unknown> => ({ ...OBJECT_EVENT, ...more });

/** An 856 of one shipment, order and item. */
export function shipNotice(more: { readonly item?: string; readonly count?: string; readonly due?: string } = {}): string {
  const { item = "UP*012345678905", count = "24*EA", due = "20260305" } = more;
  const body = [
    "BSN*00*S-900*20260301*0930",
    "HL*1**S",
    `DTM*017*${due}`,
    "HL*2*1*O",
    "PRF*po-4711",
    "HL*3*2*I",
    `LIN**${item}`,
    `SN1**${count}`,
  ];
  const set = ["ST*856*0001", ...body, `SE*${body.length + 2}*0001`];
  const group = ["GS*SH*SENDER*RECEIVER*20260301*0930*1*X*004010", ...set, "GE*1*1"];
  const head = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260301*0930*U*00401*000000001*0*P*>";
  return [head, ...group, "IEA*1*000000001", ""].join("~\n").trim();
}

export const EXAMPLES: Readonly<Record<Source, readonly Record<string, unknown>[]>> = {
  pos: [
    sale(),
    sale({ LineItem: [{ SequenceNumber: 1, Return: { ItemID: "85123A", Quantity: 1, Disposal: { Method: "Damaged" } } }] }),
    sale({ TransactionStatus: "Suspended" }),
    sale({
      TransactionLink: {
        ReasonCode: "Void",
        WorkstationID: "3",
        SequenceNumber: 100,
        BusinessDayDate: "2026-03-01",
        EventID: "e0",
      },
    }),
  ],
  ecommerce: [
    { event: "order-placed", order: "W-1001", at: AT, channel: "web", lines: [line] },
    { event: "order-changed", order: "W-1001", at: AT, lines: [line] },
    { event: "order-cancelled", order: "W-1001", at: AT, reason: "changed mind" },
    { event: "page-view", item: "85123A", at: AT, session: "s1" },
    { event: "cart-add", cart: "c-77", item: "85123A", quantity: 1, at: AT },
    { event: "cart-remove", cart: "c-77", item: "85123A", quantity: 1, at: AT },
    { event: "cart-abandoned", cart: "c-77", at: AT, lines: [line] },
  ],
  wms: [
    {
      event: "receive",
      warehouse: "dc-1",
      at: AT,
      reference: "po-4711",
      lines: [{ ...line, lot: "L42", expiry: "2026-12-31", bin: "A1" }],
    },
    { event: "receive", warehouse: "dc-1", at: AT, lines: [{ ...line, condition: "damaged" }] },
    { event: "putaway", warehouse: "dc-1", at: AT, lines: [line] },
    { event: "pick", warehouse: "dc-1", at: AT, lines: [line] },
    { event: "short-pick", warehouse: "dc-1", at: AT, lines: [{ item: "85123A", requested: 3, picked: 1 }] },
    { event: "pack", warehouse: "dc-1", at: AT, lines: [line] },
    { event: "ship", warehouse: "dc-1", at: AT, lines: [{ ...line, serials: ["s1", "s2"] }] },
    { event: "move", warehouse: "dc-1", toWarehouse: "store-9", at: AT, lines: [line] },
    { event: "cycle-count", warehouse: "dc-1", at: AT, lines: [line] },
    { event: "snapshot", warehouse: "dc-1", at: AT, lines: [line] },
  ],
  rfid: [
    epcis(objectEvent()),
    objectEvent({ bizStep: "shipping", quantityList: [{ epcClass: "urn:epc:class:lgtin:4012345.012345.998877", quantity: 3 }] }),
    objectEvent({ bizStep: "cycle_counting" }),
    epcis({
      ...{ type: "AggregationEvent", eventTime: AT, eventTimeZoneOffset: "+00:00", action: "OBSERVE", bizStep: "receiving" },
      ...{ parentID: "urn:epc:id:sscc:0614141.1234567890", bizLocation: { id: "https://id.gs1.org/414/0614141008889" } },
      childEPCs: ["https://id.gs1.org/01/70614141123451/21/2017"],
    }),
    {
      ...{
        type: "TransformationEvent",
        eventTime: AT,
        eventTimeZoneOffset: "+00:00",
        bizLocation: { id: "urn:epc:id:sgln:0614141.00888.0" },
      },
      ...{ inputEPCList: ["urn:epc:id:sgtin:4012345.011111.987"], outputEPCList: ["urn:epc:id:sgtin:4012345.033333.AG"] },
    },
  ],
  supplier: [
    { event: "purchase-order", order: "po-4711", location: "dc-1", at: AT, due: "2026-03-05", lines: [line] },
    {
      event: "asn",
      shipment: "S-900",
      order: "po-4711",
      location: "dc-1",
      at: AT,
      lines: [{ ...line, sscc: "106141412345678908" }],
    },
    { event: "shipment-status", shipment: "S-900", status: "in-transit", eta: "2026-03-05", at: AT },
    { event: "delay", order: "po-4711", due: "2026-03-09", at: AT, lines: [{ item: "85123A" }] },
  ],
  returns: [
    { event: "authorised", return: "R-501", order: "W-1001", location: "dc-1", at: AT, lines: [line] },
    { event: "received", return: "R-501", location: "dc-1", at: AT, lines: [line] },
    { event: "inspected", return: "R-501", location: "dc-1", at: AT, lines: [{ ...line, verdict: "as-new" }] },
    { event: "restocked", return: "R-501", location: "dc-1", at: AT, lines: [{ ...line, saleMovement: "/tills e1-1" }] },
    { event: "written-off", return: "R-501", location: "dc-1", at: AT, lines: [line] },
  ],
};
