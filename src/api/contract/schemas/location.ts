/** Bodies about locations. */

import Type, { type Static } from "typebox";
import { LOCATION_TYPES } from "../../../shard/index.ts";
import { CLOSED, LocationIdSchema, TimeSchema, text, VersionSchema } from "./common.ts";

const FIELDS = {
  type: Type.Enum(LOCATION_TYPES),
  name: Type.String({ minLength: 1, maxLength: 256, examples: ["Distribution centre 1"] }),
  latitude: Type.Optional(Type.Number({ minimum: -90, maximum: 90, description: "Degrees" })),
  longitude: Type.Optional(Type.Number({ minimum: -180, maximum: 180, description: "Degrees" })),
  postalCode: Type.Optional(Type.String({ minLength: 1, maxLength: 32, examples: ["10115"] })),
  country: Type.Optional(Type.String({ pattern: "^[A-Z]{2}$", description: "ISO 3166-1 alpha-2", examples: ["DE"] })),
  timeZone: Type.Optional(text("IANA name", "Europe/Berlin")),
  attributes: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description: "What else is to be kept: at most 16 KiB as JSON, returned as given",
    }),
  ),
};

const EXAMPLE = { type: "dc", name: "Distribution centre 1", postalCode: "10115", country: "DE", timeZone: "Europe/Berlin" };
const VIEW_EXAMPLE = { id: "dc-1", ...EXAMPLE, version: 1, updatedAt: "2026-03-01T09:30:00.250Z" };

export const LocationSchema = Type.Object(FIELDS, {
  ...CLOSED,
  examples: [EXAMPLE],
});

export const LocationViewSchema = Type.Object(
  { id: LocationIdSchema, ...FIELDS, version: VersionSchema, updatedAt: TimeSchema },
  { title: "Location", examples: [VIEW_EXAMPLE] },
);

export const LocationsViewSchema = Type.Object(
  {
    items: Type.Array(LocationViewSchema, { description: "In id order" }),
    next: Type.Optional(Type.String({ description: "Send it as `after` for the next page; absent on the last" })),
  },
  { title: "Locations", examples: [{ items: [VIEW_EXAMPLE] }] },
);

export type LocationBody = Static<typeof LocationSchema>;
export type LocationView = Static<typeof LocationViewSchema>;
export type LocationsView = Static<typeof LocationsViewSchema>;
