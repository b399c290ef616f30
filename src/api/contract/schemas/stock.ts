/** Bodies about stock records and availability. */

import Type, { type Static } from "typebox";
import { AVAILABILITY_LOCATIONS_MAX, AVAILABILITY_SKUS_MAX } from "../limits.ts";
import { CLOSED, LevelSchema, LocationIdSchema, SkuSchema, TimeSchema, VersionSchema } from "./common.ts";

const LEVELS = {
  onHand: LevelSchema,
  held: LevelSchema,
  allocated: LevelSchema,
  unavailable: LevelSchema,
  inbound: LevelSchema,
  safetyStock: LevelSchema,
  available: Type.Integer({ description: "onHand - held - allocated - unavailable - safetyStock; below zero when oversold" }),
};

const RECORD_EXAMPLE = {
  sku: "85123A",
  location: "dc-1",
  onHand: 40,
  held: 2,
  allocated: 0,
  unavailable: 0,
  inbound: 0,
  safetyStock: 0,
  available: 38,
  version: 8,
  updatedAt: "2026-03-01T09:30:00.250Z",
};

const TOTALS_EXAMPLE = { onHand: 40, held: 2, allocated: 0, unavailable: 0, inbound: 0, safetyStock: 0, available: 38 };

export const StockRecordViewSchema = Type.Object(
  { sku: SkuSchema, location: LocationIdSchema, ...LEVELS, version: VersionSchema, updatedAt: TimeSchema },
  { title: "Stock record", examples: [RECORD_EXAMPLE] },
);

export const StockTotalsSchema = Type.Object(LEVELS);

export const StockViewSchema = Type.Object(
  { sku: SkuSchema, totals: StockTotalsSchema, records: Type.Array(StockRecordViewSchema) },
  { title: "Stock of a SKU", examples: [{ sku: "85123A", totals: TOTALS_EXAMPLE, records: [RECORD_EXAMPLE] }] },
);

export const AvailabilitySchema = Type.Object(
  {
    skus: Type.Array(SkuSchema, { minItems: 1, maxItems: AVAILABILITY_SKUS_MAX }),
    locations: Type.Optional(Type.Array(LocationIdSchema, { maxItems: AVAILABILITY_LOCATIONS_MAX, description: "Absent: all" })),
  },
  { ...CLOSED, examples: [{ skus: ["85123A", "22423"], locations: ["dc-1"] }] },
);

export const AvailabilityViewSchema = Type.Object(
  {
    items: Type.Array(
      Type.Object({ sku: SkuSchema, location: LocationIdSchema, available: LEVELS.available, version: VersionSchema }),
      { description: "A SKU never seen at a location is left out" },
    ),
  },
  { title: "Availability", examples: [{ items: [{ sku: "85123A", location: "dc-1", available: 38, version: 8 }] }] },
);

/** On NATS; HTTP has both in the path. */
/** How fresh a read has to be. */
export const CONSISTENCIES = ["default", "strict"] as const;
export const CONSISTENCY_RULE =
  "`strict`: the owner proves by a commit that it is still the owner, so that everything answered before is seen; else a member that was cut off without knowing it may answer with what it had";

export const StockQuerySchema = Type.Object(
  {
    sku: SkuSchema,
    location: Type.Optional(LocationIdSchema),
    consistency: Type.Optional(Type.Enum(CONSISTENCIES, { description: CONSISTENCY_RULE })),
  },
  CLOSED,
);

export type AvailabilityBody = Static<typeof AvailabilitySchema>;
export type StockQueryBody = Static<typeof StockQuerySchema>;
export type StockRecordView = Static<typeof StockRecordViewSchema>;
export type StockTotals = Static<typeof StockTotalsSchema>;
export type StockView = Static<typeof StockViewSchema>;
export type AvailabilityView = Static<typeof AvailabilityViewSchema>;
