/** CloudEvents of all six sources in turn, each with an id of its own: what a day in a shop sends, in equal parts. */

/** SKUs that the events are about, but for RFID, whose reads are all of one item. */
const SKUS = 10_000;

export const MIXED_SOURCES = ["pos", "ecommerce", "wms", "rfid", "supplier", "returns"] as const;
export type MixedSource = (typeof MIXED_SOURCES)[number];

export interface MixedEvent {
  readonly source: MixedSource;
  readonly event: object;
}

/** `run` keeps the ids of one run apart from those of another. */
export function mixedEvent(run: string, number: number, place: string): MixedEvent {
  const source = MIXED_SOURCES[number % MIXED_SOURCES.length] as MixedSource;
  const at = "2026-03-01T09:30:00Z";
  const data = dataOf(source, `BENCH-${number % SKUS}`, place, at, `${run}-${number}`, number);
  return {
    source,
    event: { specversion: "1.0", id: `${run}-${number}`, source: `/bench/${source}`, type: "bench", time: at, data },
  };
}

function dataOf(source: MixedSource, item: string, place: string, at: string, key: string, number: number): object {
  switch (source) {
    case "pos": {
      const Sale = { ItemType: "Stock", ItemID: item, Quantity: 1, ExtendedAmount: 3.5 };
      const day = { RetailStoreID: place, WorkstationID: "3", SequenceNumber: number, BusinessDayDate: "2026-03-01" };
      return {
        ...day,
        EndDateTime: at,
        RetailTransaction: {
          LineItem: [
            { SequenceNumber: 1, Sale },
            { SequenceNumber: 2, Tender: {} },
          ],
        },
      };
    }
    case "ecommerce":
      return { event: "page-view", item, at, session: key };
    case "wms":
      return { event: "receive", warehouse: place, at, reference: key, lines: [{ item, quantity: 4 }] };
    case "rfid":
      return {
        ...{ type: "ObjectEvent", eventTime: at, eventTimeZoneOffset: "+00:00", action: "OBSERVE", bizStep: "receiving" },
        ...{ eventID: `urn:uuid:${key}`, epcList: [`urn:epc:id:sgtin:0614141.107346.${number}`] },
      };
    case "supplier":
      return { event: "asn", shipment: key, location: place, at, lines: [{ item, quantity: 4 }] };
    case "returns":
      return { event: "restocked", return: key, location: place, at, lines: [{ item, quantity: 1 }] };
  }
}
