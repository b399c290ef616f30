/** Bodies about aliases. */

import Type, { type Static } from "typebox";
import { UNITS_MAX } from "../../../aliases/index.ts";
import { CLOSED, LocationIdSchema, SkuSchema } from "./common.ts";

const CODE = Type.String({
  description: "As the source writes it; `pos:9` is the `9` of the source `pos` alone",
  examples: ["05012345678900"],
});
const UNITS = Type.Integer({
  minimum: 1,
  maximum: UNITS_MAX,
  description:
    "Units of the SKU in one of what the code names: 12 for a case of twelve, 1000 for kilograms of what is kept in grams",
  examples: [12],
});

export const ItemAliasSchema = Type.Object(
  { sku: SkuSchema, units: Type.Optional(UNITS) },
  { ...CLOSED, title: "Alias of an item", examples: [{ sku: "85123A", units: 12 }] },
);
export const LocationAliasSchema = Type.Object(
  { location: LocationIdSchema },
  { ...CLOSED, title: "Alias of a location", examples: [{ location: "store-9" }] },
);
export const AliasSchema = Type.Union([ItemAliasSchema, LocationAliasSchema]);

export const AliasViewSchema = Type.Object(
  {
    kind: Type.Enum(["items", "locations"]),
    code: CODE,
    sku: Type.Optional(SkuSchema),
    units: Type.Optional(UNITS),
    location: Type.Optional(LocationIdSchema),
  },
  { title: "Alias", examples: [{ kind: "items", code: "05012345678900", sku: "85123A", units: 1 }] },
);

export const AliasesViewSchema = Type.Object(
  {
    items: Type.Array(AliasViewSchema),
    next: Type.Optional(Type.String({ description: "Send it as `after` for the next page; absent on the last" })),
  },
  { title: "Aliases", examples: [{ items: [{ kind: "items", code: "05012345678900", sku: "85123A", units: 1 }] }] },
);

export type AliasView = Static<typeof AliasViewSchema>;
