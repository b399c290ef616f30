import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import type { EpochMs, LocationId, Sku } from "../../src/base/index.ts";
import { availabilityJson, cloudEventJson, sourceJson } from "../../src/feed/cloud-event.ts";
import { eventId, placeOfEventId } from "../../src/feed/event-id.ts";
import { availabilityKey, eventSubject, subjectToken } from "../../src/feed/tokens.ts";
import type { StockEntry } from "../../src/shard/index.ts";
import { decideMovement, emptyRecord, evolve, type StockEvent } from "../../src/stock/index.ts";

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678) as EpochMs;

function adjusted(sku: string, location: string): StockEntry {
  const before = emptyRecord(sku as Sku, location as LocationId);
  const movement = {
    id: 'm "1"',
    type: "adjustment",
    sku: before.sku,
    location: before.location,
    quantity: 7,
    occurredAt: (AT - 1_000) as EpochMs,
    reason: "found\n",
  } as const;
  const [event] = decideMovement(before, movement, AT) as readonly [StockEvent];
  return { entry: "stock", event, after: evolve(before, event) };
}

describe("tokens of subjects and keys", () => {
  it.each([
    ["plain-SKU_1:/", "plain-SKU_1:/"],
    ["a.b", "a%2Eb"],
    ["*>%", "%2A%3E%25"],
    ["two words", "two%20words"],
    ["non\u00a0breaking", "non%C2%A0breaking"],
    ["wide\u3000space", "wide%E3%80%80space"],
    ["Größe-靴-👟", "Größe-靴-👟"],
  ])("writes %j as the subject token %j", (text, token) => expect(subjectToken(text)).toBe(token));

  it("builds the subject from location, SKU and type", () => {
    expect(eventSubject("st 1", "a.b", "held")).toBe("stock.events.st%201.a%2Eb.held");
  });

  it.each([
    ["store-1", "SKU_9", "store-1.SKU_9"],
    ["s.1", "a=b", "s=2E1.a=3Db"],
    ["é", "👟", "=C3=A9.=F0=9F=91=9F"],
  ])("writes location %j and SKU %j as the key %j", (location, sku, key) => expect(availabilityKey(location, sku)).toBe(key));
});

describe("event ids", () => {
  it("name lane, record and entry, also when the lane's name holds a dash", () => {
    expect(placeOfEventId(eventId("node-1", 12, 3))).toEqual({ lane: "node-1", seq: 12, index: 3 });
  });

  it.each(["1-2", "-1-2", "node-1-x", "node-1-x-2", "node-1-2 ", ""])("of another form, such as %j, are not ours", (id) => {
    expect(placeOfEventId(id)).toBeUndefined();
  });
});

describe("an event as JSON", () => {
  const entry = adjusted('a"b\\ö', "st/1");
  const event: unknown = JSON.parse(cloudEventJson("l0-1-0", sourceJson("eu west"), entry));

  it("has the attributes and data of the contract", () => {
    expect(event).toEqual({
      specversion: "1.0",
      id: "l0-1-0",
      source: "/stockgrid/eu%20west",
      type: "stockgrid.stock.adjusted.v1",
      subject: 'a"b\\ö/st/1',
      time: "2026-01-02T03:04:05.678Z",
      datacontenttype: "application/json",
      data: {
        sku: 'a"b\\ö',
        location: "st/1",
        version: 1,
        change: { quantity: 7, onHand: 7, occurredAt: "2026-01-02T03:04:04.678Z", reason: "found\n" },
        record: {
          sku: 'a"b\\ö',
          location: "st/1",
          onHand: 7,
          held: 0,
          allocated: 0,
          unavailable: 0,
          inbound: 0,
          safetyStock: 0,
          available: 7,
          version: 1,
          updatedAt: "2026-01-02T03:04:05.678Z",
        },
        movementId: 'm "1"',
      },
    });
  });

  it("says what it reverses, and how it was applied", () => {
    const noted: StockEntry = { ...entry, event: { ...entry.event, reverses: 'sale "1"', note: "before-count" } };
    const { data } = JSON.parse(cloudEventJson("l0-1-0", sourceJson("eu"), noted)) as { data: { change: object } };
    expect(data.change).toMatchObject({ reverses: 'sale "1"', note: "before-count" });
  });

  it("has the availability value of the contract", () => {
    expect(JSON.parse(availabilityJson(entry.after))).toEqual({
      available: 7,
      onHand: 7,
      version: 1,
      at: "2026-01-02T03:04:05.678Z",
    });
  });

  // The schema of the specification, github.com/cloudevents/spec at c2845a49bc98, Apache-2.0.
  const schema = new URL("./cloudevents.schema.json", import.meta.url);
  it("is valid by the CloudEvents 1.0 schema", () => {
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    const validate = ajv.compile(JSON.parse(readFileSync(schema, "utf8")) as object);
    expect(validate(event), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...(event as object), source: undefined, id: "" })).toBe(false);
  });
});
