/** Bodies about movements. */

import Type, { type Static } from "typebox";
import { QUANTITY_MAX } from "../../../base/index.ts";
import { MOVEMENT_TYPES } from "../../../stock/index.ts";
import { MOVEMENTS_MAX } from "../limits.ts";
import { CLOSED, KeySchema, LocationIdSchema, SkuSchema, TimeSchema, text, VersionSchema } from "./common.ts";
import { ProblemSchema } from "./problem.ts";

export const MovementSchema = Type.Object(
  {
    id: KeySchema,
    type: Type.Enum(MOVEMENT_TYPES, { description: "What happened" }),
    sku: SkuSchema,
    location: LocationIdSchema,
    quantity: Type.Integer({
      minimum: -QUANTITY_MAX,
      maximum: QUANTITY_MAX,
      description:
        "Units; signed for `adjustment`, else 0 or more. A `count` states what was on hand at `occurredAt`; of a `void` it is not looked at",
    }),
    occurredAt: Type.Optional(TimeSchema),
    reason: Type.Optional(text("`quarantine` keeps a `damage` on hand, not for sale", "quarantine")),
    reference: Type.Optional(text("Purchase order, receipt, count sheet", "po-4711")),
    toLocation: Type.Optional(LocationIdSchema),
    reverses: Type.Optional({
      ...KeySchema,
      description:
        "Id of the movement of the same SKU that it undoes or follows from. A `void` needs it. A `void` or `return` that arrives before that movement is `pending` until it comes",
    }),
  },
  {
    ...CLOSED,
    title: "Movement",
    examples: [
      { id: "po-4711-1", type: "receipt", sku: "85123A", location: "dc-1", quantity: 40 },
      { id: "till-3-0815-v", type: "void", sku: "85123A", location: "store-1", quantity: 2, reverses: "till-3-0815" },
    ],
  },
);

export const MovementsSchema = Type.Union([MovementSchema, Type.Array(MovementSchema, { maxItems: MOVEMENTS_MAX })], {
  description: "Items are judged one by one: a bad one does not stop the rest",
});

export const MovementResultViewSchema = Type.Object({
  id: Type.Union([Type.String(), Type.Null()], { description: "null when the item has no readable id" }),
  status: Type.Enum(["applied", "duplicate", "pending", "rejected"], {
    description: "`pending`: durable, and it waits for the movement that it reverses",
  }),
  version: Type.Optional(VersionSchema),
  problem: Type.Optional(ProblemSchema),
});

export const MovementResultsViewSchema = Type.Object(
  { results: Type.Array(MovementResultViewSchema, { description: "In the order given" }) },
  { title: "Movement results", examples: [{ results: [{ id: "po-4711-1", status: "applied", version: 7 }] }] },
);

export type MovementBody = Static<typeof MovementSchema>;
