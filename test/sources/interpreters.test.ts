/** What each event of each source does to stock. Rules by letter and number are those of the files in src/sources. */

import { describe, expect, it } from "vitest";
import { SOURCES } from "../../src/sources/index.ts";
import { brief, read, type Told } from "./context.ts";
import { AT, EXAMPLES, epcis, objectEvent, sale, shipNotice } from "./examples.ts";

const SKU = "05012345678900";

describe("every example", () => {
  it.each(SOURCES.flatMap((source) => EXAMPLES[source].map((data, index) => [source, index, data] as const)))(
    "of %s, number %i, is understood, as a signal or as movements, and twice the same (S1)",
    (source, _, data) => {
      const result = read(source, data, {
        location: source === "supplier" || source === "ecommerce" ? "dc-1" : undefined,
      } as Told);
      expect(result, JSON.stringify(result)).toMatchObject({ kind: "understood" });
      expect(result.kind === "understood" && result.movements.length + result.signals.length).toBeGreaterThan(0);
      expect(read(source, data, source === "supplier" || source === "ecommerce" ? { location: "dc-1" } : {})).toEqual(result);
    },
  );

  it.each(SOURCES)("of %s may also be a plain movement", (source) => {
    const data = { type: "receipt", sku: "A", location: "dc-1", quantity: 3 };
    expect(read(source, data)).toMatchObject({ movements: [{ ...data, id: "/test e1" }] });
    expect(read(source, { ...data, quantity: -3 })).toMatchObject({ kind: "problem", path: "/data" });
    expect(read(source, data, { location: "dc-2" })).toMatchObject({ kind: "problem", path: "/data/location" });
  });
});

describe("movements of one event", () => {
  it("have ids of their own from the event and their place in it (S3)", () => {
    const data = {
      event: "receive",
      warehouse: "dc-1",
      lines: [
        { item: "A", quantity: 1, condition: "damaged" },
        { item: "B", quantity: 2 },
      ],
    };
    const result = read("wms", data);
    expect(result.kind === "understood" && result.movements.map(({ id }) => id)).toEqual([
      "/test e1-1",
      "/test e1-1.2",
      "/test e1-2",
    ]);
  });

  it("none come out when one line cannot be read (S2)", () => {
    const data = {
      event: "ship",
      warehouse: "dc-1",
      lines: [
        { item: "A", quantity: 1 },
        { item: "B", quantity: 1.5 },
      ],
    };
    expect(brief(read("wms", data))).toEqual([
      "/data/lines/1/quantity: 1.5 is not a whole number of units of B; tell how many make one with an alias of its code",
    ]);
  });

  it("are refused when source and id are too long for a key", () => {
    expect(brief(read("wms", EXAMPLES.wms[0], {}, { id: "x".repeat(240) }))).toEqual([
      expect.stringMatching(/^\/id: must have at most/),
    ]);
  });
});

describe("codes", () => {
  const told = { items: { [SKU]: ["85123A", 12], "5012345678900": ["never", 1], "4711": ["SKU-1", 1_000] } } as const;
  it.each<[string, number, Told, string]>([
    [SKU, 2, {}, `ship ${SKU} dc-1 2`],
    ["5012345678900", 2, {}, "ship 5012345678900 dc-1 2"],
    [SKU, 2, told, "ship 85123A dc-1 24"],
    ["5012345678900", 2, { items: { [SKU]: ["85123A", 12] } }, "ship 85123A dc-1 24"],
    ["4711", 0.65, told, "ship SKU-1 dc-1 650"],
    ["urn:epc:id:sgtin:0614141.107346.2017", 1, {}, "ship 10614141073464 dc-1 1"],
    ["https://id.gs1.org/01/05012345678900/10/L1?17=261231", 1, {}, `ship ${SKU} dc-1 1`],
  ])("%s times %d is %j", (item, quantity, aliases, wanted) => {
    expect(brief(read("wms", { event: "ship", warehouse: "dc-1", lines: [{ item, quantity }] }, aliases))).toEqual([wanted]);
  });

  it.each<[string, Told, readonly string[]]>([
    ["dc-1", {}, [`ship ${SKU} dc-1 2`]],
    ["7", { places: { "7": "dc-1" } }, [`ship ${SKU} dc-1 2`]],
    ["urn:epc:id:sgln:0614141.00888.0", {}, [`ship ${SKU} 0614141008889 2`]],
    ["urn:epc:id:sgln:0614141.00888.12", { places: { "0614141008889.12": "dc-1-b" } }, [`ship ${SKU} dc-1-b 2`]],
    ["urn:epc:id:sgln:0614141.00888.12", { places: { "0614141008889": "dc-1" } }, [`ship ${SKU} dc-1 2`]],
    [
      "7",
      { location: "dc-1" },
      ["/data/warehouse: is location 7, but the event was sent for dc-1; send it there, or alias wms:7"],
    ],
  ])("the place %s is found by alias, GLN or itself", (warehouse, aliases, wanted) => {
    const lines = [{ item: SKU, quantity: 2 }];
    expect(brief(read("wms", { event: "ship", warehouse, lines }, aliases))).toEqual(wanted);
  });
});

describe("a till", () => {
  const goods = (more: object): object => ({ ItemID: "85123A", Quantity: 1, ...more });
  const lines = (...items: readonly object[]): Record<string, unknown> =>
    sale({ LineItem: items.map((item, index) => ({ SequenceNumber: index + 1, ...item })) });
  it.each<[string, object, readonly string[]]>([
    ["sells", sale(), ["sale 85123A store-9 2"]],
    ["sells by weight only with an alias", sale({}, { Quantity: "0.65" }), [expect.stringMatching(/0.65 is not a whole number/)]],
    [
      "sells what it scanned",
      sale({}, { ItemID: undefined, POSIdentity: { POSIDType: "GTIN", POSItemID: "5012345678900" } }),
      [`sale ${SKU} store-9 2`],
    ],
    [
      "does not believe a wrong check digit",
      sale({}, { ItemID: "5012345678901", POSIdentity: { POSIDType: "GTIN", POSItemID: "5012345678901" } }),
      [expect.stringMatching(/POSItemID: 5012345678901 is not known, and a GTIN must have/)],
    ],
    ["takes back", lines({ Return: goods({}) }), ["return 85123A store-9 1"]],
    [
      "takes back what is broken",
      lines({ Return: goods({ Disposal: { Method: "Damaged" } }) }),
      ["return 85123A store-9 1", "damage 85123A store-9 1"],
    ],
    [
      "does not count a line that was voided (V1)",
      lines({ VoidFlag: true, Sale: goods({}) }, { Sale: goods({ ItemID: "B" }) }),
      ["sale B store-9 1"],
    ],
    [
      "takes voided units out (V2)",
      lines({ Sale: goods({ Quantity: 3 }) }, { VoidFlag: "true", Sale: goods({ Quantity: -2 }) }),
      ["sale 85123A store-9 1"],
    ],
    [
      "refuses to void what was not sold (V2)",
      lines({ Sale: goods({}) }, { VoidFlag: true, Sale: goods({ Quantity: -2 }) }),
      ["/data/RetailTransaction/LineItem/1/VoidFlag: voids more than was rung up before it in this transaction"],
    ],
    [
      "refuses a sale below zero",
      sale({}, { Quantity: -1 }),
      [expect.stringMatching(/must be above 0; goods that come back are a Return/)],
    ],
    ["sells no service", sale({}, { ItemType: "Service" }), []],
    ["suspends", sale({ TransactionStatus: "Suspended" }), []],
    ["abandons", { ...sale(), CancelFlag: true }, []],
    ["trains", { ...sale(), TrainingModeFlag: "true" }, []],
    ["counts cash", { ...sale(), RetailTransaction: undefined, TenderControlTransaction: {} }, []],
    [
      "numbers its lines",
      lines({ Sale: goods({}) }, { SequenceNumber: 1, Sale: goods({}) }),
      ["/data/RetailTransaction/LineItem/1/SequenceNumber: 1 was given before in this transaction"],
    ],
    [
      "spells a flag right",
      sale({ LineItem: [{ SequenceNumber: 1, VoidFlg: true, Sale: goods({}) }] }),
      [expect.stringMatching(/VoidFlg/)],
    ],
    ["adds members of its own with a prefix", sale({ "acs:ItemCount": 1 }), ["sale 85123A store-9 2"]],
  ])("%s", (_, data, wanted) => expect(brief(read("pos", JSON.parse(JSON.stringify(data))))).toEqual(wanted));

  const voiding = {
    TransactionLink: { ReasonCode: "Void", WorkstationID: "3", SequenceNumber: "100", BusinessDayDate: "2026-03-01" },
  };

  it("voids another transaction, by the key that its events have as their id (P2)", () => {
    const result = read("pos", sale(voiding), {}, { id: "store-9/3/2026-03-01/114" });
    expect(result).toMatchObject({
      movements: [
        { id: "/test store-9/3/2026-03-01/114-1", type: "void", quantity: 2, reverses: "/test store-9/3/2026-03-01/100-1" },
      ],
    });
  });

  it("voids by EventID where ids are not keys, and says so without it (P2)", () => {
    const link = { ...voiding.TransactionLink, EventID: "e0" };
    expect(read("pos", sale({ TransactionLink: link }))).toMatchObject({ movements: [{ reverses: "/test e0-1" }] });
    expect(brief(read("pos", sale(voiding)))).toEqual([expect.stringMatching(/TransactionLink: must have EventID/)]);
    // Transaction 11 is not transaction 114.
    expect(brief(read("pos", { ...sale(voiding), SequenceNumber: 11 }, {}, { id: "store-9/3/2026-03-01/114" }))).toEqual([
      expect.stringMatching(/must have EventID/),
    ]);
  });

  it("tells which sale a return follows from (P2)", () => {
    const TransactionLink = { ...voiding.TransactionLink, ReasonCode: "Return", LineItemSequenceNumber: 4 };
    const result = read("pos", lines({ Return: goods({ TransactionLink }) }), {}, { id: "store-9/3/2026-03-01/114" });
    expect(result).toMatchObject({ movements: [{ type: "return", reverses: "/test store-9/3/2026-03-01/100-4" }] });
  });

  it("reads its clock in the zone of its store", () => {
    const local = { ...sale(), EndDateTime: "2026-10-25T02:30:00" };
    expect(read("pos", local, { zones: { "store-9": "Europe/Berlin" } })).toMatchObject({
      movements: [{ occurredAt: Date.parse("2026-10-25T00:30:00Z") }],
    });
    expect(brief(read("pos", local))).toEqual([expect.stringMatching(/^\/data\/EndDateTime: has no offset/)]);
  });
});

describe("a warehouse", () => {
  const line = { item: "A", quantity: 2 };
  it.each<[string, object, readonly string[]]>([
    ["receive", { lines: [line] }, ["receipt A dc-1 2"]],
    ["receive", { lines: [{ ...line, condition: "damaged" }] }, ["receipt A dc-1 2", "damage A dc-1 2"]],
    ["putaway", { lines: [line] }, ["putaway A dc-1 2"]],
    ["pick", { lines: [line] }, ["pick A dc-1 2"]],
    ["pack", { lines: [line] }, ["pack A dc-1 2"]],
    ["ship", { lines: [line] }, ["ship A dc-1 2"]],
    ["short-pick", { lines: [{ item: "A", requested: 3, picked: 1 }] }, ["pick A dc-1 1"]],
    ["move", { lines: [line] }, []],
    ["move", { toWarehouse: "dc-2", lines: [line] }, ["transfer-out A dc-1 2", "transfer-in A dc-2 2"]],
    [
      "cycle-count",
      { lines: [line, { item: "B", quantity: 0 }, { item: "A", quantity: 3 }] },
      ["count A dc-1 5", "count B dc-1 0"],
    ],
    ["snapshot", { lines: [line] }, ["count A dc-1 2"]],
  ])("%s %j is %j", (event, more, wanted) => {
    expect(brief(read("wms", { event, warehouse: "dc-1", at: AT, ...more }))).toEqual(wanted);
  });

  it("must say when it counted (W1)", () => {
    const data = { event: "cycle-count", warehouse: "dc-1", lines: [line] };
    expect(brief(read("wms", data))).toEqual([expect.stringMatching(/^\/data\/at: must say when it was counted/)]);
    expect(read("wms", data, {}, { time: Date.parse(AT) as never })).toMatchObject({
      movements: [{ occurredAt: Date.parse(AT) }],
    });
  });

  it("has picked less in a short pick", () => {
    const data = { event: "short-pick", warehouse: "dc-1", lines: [{ item: "A", requested: 3, picked: 3 }] };
    expect(brief(read("wms", data))).toEqual([expect.stringMatching(/picked: must be below requested/)]);
  });
});

describe("a web shop, a supplier and most of a return", () => {
  const NO_STOCK = [
    ...EXAMPLES.ecommerce,
    ...EXAMPLES.supplier,
    ...EXAMPLES.returns.filter(({ event }) => event !== "restocked"),
  ];
  it.each(NO_STOCK)("$event moves no stock and is a signal", (data) => {
    const source = EXAMPLES.ecommerce.includes(data) ? "ecommerce" : EXAMPLES.supplier.includes(data) ? "supplier" : "returns";
    const result = read(source, data, { location: "dc-1" });
    expect(result).toMatchObject({ kind: "understood", movements: [], why: expect.stringMatching(/./) });
    expect(result.kind === "understood" && result.signals.length).toBe(1);
  });

  it("but what is restocked", () => {
    const restocked = EXAMPLES.returns.find(({ event }) => event === "restocked");
    expect(read("returns", restocked)).toMatchObject({
      movements: [{ type: "return", sku: SKU, quantity: 2, location: "dc-1", reverses: "/tills e1-1" }],
    });
  });
});

describe("an X12 856", () => {
  const told = { location: "dc-1" };
  it("is expected supply with its order and due date", () => {
    expect(read("supplier", shipNotice(), told)).toMatchObject({
      movements: [],
      signals: [
        {
          kind: "asn",
          sku: "00012345678905",
          location: "dc-1",
          quantity: 24,
          reference: "S-900",
          detail: { order: "po-4711", due: "2026-03-05" },
        },
      ],
    });
  });

  it("may have newlines as the ends of its segments, and none at the last", () => {
    const lines = shipNotice().replaceAll("~", "").trim();
    expect(read("supplier", lines, told)).toEqual(read("supplier", shipNotice(), told));
  });

  it.each<[string, string, RegExp]>([
    ["a wrong check digit", shipNotice({ item: "UP*012345678906" }), /LIN: 012345678906 is not known/],
    ["no count", shipNotice({ count: "many*EA" }), /SN102: must be a quantity above 0/],
    ["half a piece", shipNotice({ count: "1.5*EA" }), /SN102: 1.5 is not a whole number/],
    ["no date", shipNotice({ due: "soon" }), /DTM02: must be a date as CCYYMMDD/],
    ["a wrong count of segments", shipNotice().replace("SE*10*", "SE*11*"), /no whole X12 interchange: .*SE01/],
    ["a wrong control number", shipNotice().replace("IEA*1*000000001", "IEA*1*000000002"), /no whole X12 interchange: .*IEA02/],
    ["a parent that is not there", shipNotice().replace("HL*3*2*I", "HL*3*9*I"), /HL02: 9 is no level before this one/],
    ["another transaction set", shipNotice().replace("ST*856", "ST*850"), /transaction set 850; only 856/],
    ["half of it", shipNotice().slice(0, -20), /no whole X12 interchange/],
    ["no end", shipNotice().replace(/IEA.*/s, ""), /SE, GE or IEA is missing/],
    ["no X12", "hello", /must be a form of the source, or an X12 interchange/],
  ])("is refused with %s", (_, text, reason) => expect(brief(read("supplier", text, told))[0]).toMatch(reason));
});

describe("an EPCIS event", () => {
  const place = "0614141008889";
  const one = (type: string): readonly string[] => [`${type} 10614141073464 ${place} 1`];
  it.each<[object, readonly string[]]>([
    [{}, one("receipt")],
    [{ bizStep: "urn:epcglobal:cbv:bizstep:receiving" }, one("receipt")],
    [{ bizStep: "https://ref.gs1.org/cbv/BizStep-shipping" }, one("ship")],
    [{ disposition: "returned" }, one("return")],
    [{ bizStep: "retail_selling", action: "DELETE" }, one("sale")],
    [{ bizStep: "void_shipping" }, one("adjustment")],
    [{ bizStep: "cycle_counting" }, one("count")],
    [{ bizStep: "destroying", action: "DELETE" }, one("damage")],
    [{ bizStep: "picking" }, one("pick")],
    [{ bizStep: "commissioning", action: "ADD" }, []],
    [{ bizStep: undefined }, []],
    [{ epcList: ["urn:epc:id:sscc:0614141.1234567890"] }, []],
    [{ epcList: [], quantityList: [{ epcClass: "urn:epc:class:lgtin:4012345.012345.998877", quantity: 200.5, uom: "KGM" }] }, []],
  ])("%j moves %j", (more, wanted) => {
    expect(brief(read("rfid", JSON.parse(JSON.stringify(epcis(objectEvent(more))))))).toEqual(wanted);
  });

  it("moves what is measured once its code says how many units make one (E3)", () => {
    const quantityList = [{ epcClass: "urn:epc:class:lgtin:4012345.012345.998877", quantity: 200.5, uom: "KGM" }];
    const told = { items: { "04012345123456": ["flour", 1_000] } } as const;
    expect(brief(read("rfid", objectEvent({ epcList: [], quantityList }), told))).toEqual([`receipt flour ${place} 200500`]);
  });

  it("has its eventID as the key, and an error declaration undoes what had it (E1, E2)", () => {
    const id = "/test urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8-1";
    expect(read("rfid", epcis(objectEvent()))).toMatchObject({ movements: [{ id, type: "receipt" }] });
    const wrong = objectEvent({ errorDeclaration: { declarationTime: AT, reason: "incorrect_data" } });
    expect(read("rfid", epcis(wrong))).toMatchObject({ movements: [{ id: `${id}.void`, type: "void", reverses: id }] });
  });

  it("without an eventID goes by its place in the document (E1)", () => {
    const result = read(
      "rfid",
      JSON.parse(JSON.stringify(epcis(objectEvent({ eventID: undefined }), objectEvent({ eventID: undefined })))),
    );
    expect(result.kind === "understood" && result.movements.map(({ id }) => id)).toEqual(["/test e1-1-1", "/test e1-2-1"]);
  });

  it("is refused with the same EPC twice", () => {
    const [epc] = objectEvent()["epcList"] as string[];
    expect(brief(read("rfid", objectEvent({ epcList: [epc, epc] })))).toEqual(["/data/epcList/1: is in the list twice"]);
  });

  it("keeps what sensors say", () => {
    const sensorElementList = [{ sensorReport: [{ type: "Temperature", value: 26, uom: "CEL" }] }];
    const data = objectEvent({ epcList: [], bizStep: "sensor_reporting", sensorElementList });
    expect(read("rfid", data)).toMatchObject({
      movements: [],
      signals: [{ kind: "observation" }, { kind: "sensor", detail: { value: 26 } }],
    });
  });
});
