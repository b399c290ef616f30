/** A location: reference data of a place that stocks units. */

import type { EpochMs, LocationId } from "../base/index.ts";

export const LOCATION_TYPES = ["store", "dc", "3pl", "supplier", "virtual"] as const;
export type LocationType = (typeof LOCATION_TYPES)[number];

export interface Location {
  readonly id: LocationId;
  readonly type: LocationType;
  readonly name: string;
  /** Degrees, -90 to 90 and -180 to 180. */
  readonly latitude?: number | undefined;
  readonly longitude?: number | undefined;
  readonly postalCode?: string | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string | undefined;
  /** IANA name. */
  readonly timeZone?: string | undefined;
  /** What else the caller wants to keep: a JSON object, returned as given. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
  readonly version: number;
  readonly updatedAt: EpochMs;
}
