/** Bodies about reservations. */

import Type, { type Static } from "typebox";
import { RESERVATION_LINES_MAX, TTL_SECONDS_DEFAULT, TTL_SECONDS_MAX } from "../limits.ts";
import {
  CLOSED,
  LocationIdSchema,
  ReservationIdSchema,
  SkuSchema,
  TimeSchema,
  text,
  UnitsSchema,
  UnitsToReserveSchema,
  VersionSchema,
} from "./common.ts";

const LinePartSchema = Type.Object({ sku: SkuSchema, location: LocationIdSchema, quantity: UnitsToReserveSchema }, CLOSED);
const LinesSchema = Type.Array(LinePartSchema, {
  minItems: 1,
  maxItems: RESERVATION_LINES_MAX,
  description: "Lines of one SKU and location are summed",
});
const TtlSchema = Type.Integer({
  minimum: 1,
  maximum: TTL_SECONDS_MAX,
  description: `Seconds until held units are for sale again, ${TTL_SECONDS_DEFAULT} when absent`,
  examples: [TTL_SECONDS_DEFAULT],
});

const MODES = ["all", "partial"] as const;

const ReserveOptions = {
  ttlSeconds: Type.Optional(TtlSchema),
  mode: Type.Optional(
    Type.Enum(MODES, {
      description: "`all` (when absent): every line in full or nothing; `partial`: each line what is there",
    }),
  ),
  reference: Type.Optional(text("The caller's own name for it", "cart-17")),
  channel: Type.Optional(text("Where it came from", "web")),
};

export const ReserveOneSchema = Type.Object(
  { sku: SkuSchema, location: LocationIdSchema, quantity: UnitsToReserveSchema, ...ReserveOptions },
  { ...CLOSED, title: "One line", examples: [{ sku: "85123A", location: "dc-1", quantity: 2, ttlSeconds: 900 }] },
);
export const ReserveLinesSchema = Type.Object(
  { lines: LinesSchema, ...ReserveOptions },
  {
    ...CLOSED,
    title: "Several lines",
    examples: [
      {
        lines: [
          { sku: "85123A", location: "dc-1", quantity: 2 },
          { sku: "22423", location: "dc-1", quantity: 1 },
        ],
        mode: "all",
      },
    ],
  },
);
export const ReserveSchema = Type.Union([ReserveOneSchema, ReserveLinesSchema]);

export const TransitLinesSchema = Type.Object(
  { lines: Type.Optional(LinesSchema) },
  {
    ...CLOSED,
    description: "Without `lines`: all of it",
    examples: [{ lines: [{ sku: "85123A", location: "dc-1", quantity: 1 }] }],
  },
);
export const ExtendSchema = Type.Object({ ttlSeconds: TtlSchema }, { ...CLOSED, examples: [{ ttlSeconds: 600 }] });

export const ReservationLineViewSchema = Type.Object({
  sku: SkuSchema,
  location: LocationIdSchema,
  quantity: Type.Integer({
    minimum: 0,
    description: "Units taken when it was made; less than `requested` only in mode `partial`",
  }),
  requested: UnitsSchema,
  held: UnitsSchema,
  allocated: UnitsSchema,
  fulfilled: UnitsSchema,
});

const STATUSES = ["held", "confirmed", "released", "expired", "fulfilled"] as const;

export const ReservationViewSchema = Type.Object(
  {
    id: ReservationIdSchema,
    status: Type.Enum(STATUSES),
    lines: Type.Array(ReservationLineViewSchema),
    mode: Type.Enum(MODES),
    createdAt: TimeSchema,
    expiresAt: TimeSchema,
    updatedAt: TimeSchema,
    version: VersionSchema,
    reference: Type.Optional(Type.String()),
    channel: Type.Optional(Type.String()),
  },
  {
    title: "Reservation",
    examples: [
      {
        id: "0mm7ju2ey00000001-8f00732c",
        status: "held",
        lines: [{ sku: "85123A", location: "dc-1", quantity: 2, requested: 2, held: 2, allocated: 0, fulfilled: 0 }],
        mode: "all",
        createdAt: "2026-03-01T09:30:00.250Z",
        expiresAt: "2026-03-01T09:45:00.250Z",
        updatedAt: "2026-03-01T09:30:00.250Z",
        version: 1,
      },
    ],
  },
);

export type LinePartBody = Static<typeof LinePartSchema>;
export type ReserveOneBody = Static<typeof ReserveOneSchema>;
export type ReserveLinesBody = Static<typeof ReserveLinesSchema>;
export type ReserveBody = ReserveOneBody | ReserveLinesBody;
export type TransitLinesBody = Static<typeof TransitLinesSchema>;
export type ExtendBody = Static<typeof ExtendSchema>;
export type ReservationView = Static<typeof ReservationViewSchema>;
export type ReservationLineView = Static<typeof ReservationLineViewSchema>;
