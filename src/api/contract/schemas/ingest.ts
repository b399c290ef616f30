/** Bodies about events of sources and dead letters. */

import Type from "typebox";
import { INGEST_ITEMS_MAX } from "../limits.ts";
import { TimeSchema, VersionSchema } from "./common.ts";
import { ProblemSchema } from "./problem.ts";

const EVENT = {
  specversion: "1.0",
  id: "receipt-4711-1",
  source: "/wms/dc-1",
  type: "com.example.goods-received",
  data: { event: "receive", warehouse: "dc-1", at: "2026-03-01T09:30:00Z", lines: [{ item: "85123A", quantity: 40 }] },
};

export const CloudEventSchema = Type.Object(
  {
    specversion: Type.Literal("1.0"),
    id: Type.String({ minLength: 1, description: "With `source` the key under which a repeat is known" }),
    source: Type.String({ minLength: 1, description: "URI reference, without white space" }),
    type: Type.String({ minLength: 1, description: "Any" }),
    time: Type.Optional(TimeSchema),
    datacontenttype: Type.Optional(Type.String()),
    data: Type.Optional(Type.Unknown({ description: "A movement, or a form of the source" })),
    data_base64: Type.Optional(Type.String()),
  },
  { title: "CloudEvent", description: "CloudEvents 1.0, structured mode; extension attributes are welcome", examples: [EVENT] },
);

export const CloudEventsSchema = Type.Union([CloudEventSchema, Type.Array(CloudEventSchema, { maxItems: INGEST_ITEMS_MAX })], {
  description: "Events are judged one by one: a bad one does not stop the rest",
});

export const IngestResultViewSchema = Type.Object({
  id: Type.Union([Type.String(), Type.Null()], { description: "Of the event; null when it has none that can be read" }),
  status: Type.Enum(["applied", "duplicate", "pending", "accepted", "rejected"], {
    description:
      "`accepted`: understood, and moves no stock. `pending`: it undoes or follows from a movement that is not known yet, and waits for it",
  }),
  movements: Type.Optional(Type.Integer({ minimum: 0, description: "Movements that the event is, applied now or before" })),
  version: Type.Optional(VersionSchema),
  why: Type.Optional(Type.String({ description: "Why it moves nothing" })),
  problem: Type.Optional(ProblemSchema),
  deadLetter: Type.Optional(Type.Integer({ description: "Number of the dead letter that it became" })),
});

export const IngestResultsViewSchema = Type.Object(
  { results: Type.Array(IngestResultViewSchema, { description: "In the order given" }) },
  { title: "Ingest results", examples: [{ results: [{ id: "receipt-4711-1", status: "applied", movements: 1, version: 7 }] }] },
);

const LETTER = {
  seq: Type.Integer({ minimum: 1 }),
  source: Type.String(),
  location: Type.Optional(Type.String()),
  subject: Type.String({ description: "Where it came in" }),
  path: Type.String({ description: "JSON pointer into the event" }),
  reason: Type.String(),
  at: TimeSchema,
  bytes: Type.Integer({ minimum: 0 }),
};
const LETTER_EXAMPLE = {
  ...{ seq: 3, source: "wms", location: "dc-1", subject: "stock.ingest.wms.dc-1", path: "/data/event" },
  ...{ reason: "must be one of receive, putaway, pick", at: "2026-03-01T09:30:00.250Z", bytes: 214 },
};

export const DeadLetterViewSchema = Type.Object(
  {
    ...LETTER,
    body: Type.Optional(Type.String({ description: "As it came" })),
    bodyBase64: Type.Optional(Type.String({ description: "As it came, when that is no UTF-8" })),
  },
  { title: "Dead letter", examples: [{ ...LETTER_EXAMPLE, body: "{...}" }] },
);
export const DeadLettersViewSchema = Type.Object(
  {
    items: Type.Array(Type.Object(LETTER), { description: "Oldest first" }),
    next: Type.Optional(Type.String({ description: "Send it as `after` for the next page; absent on the last" })),
  },
  { title: "Dead letters", examples: [{ items: [LETTER_EXAMPLE] }] },
);
