/**
 * The public bodies as a caller sees them: what is sent, and what comes back. A test proves that they agree with the schemas of the API.
 * Times are RFC 3339 in UTC; quantities are whole units.
 */

/** A part of a reservation. Lines of one SKU and location are summed. */
export interface Line {
  readonly sku: string;
  readonly location: string;
  /** Units, 1 to 2^31-1. */
  readonly quantity: number;
}

export interface ReserveOptions {
  /** Seconds until held units are for sale again, 1 to 604,800; 900 when absent. */
  readonly ttlSeconds?: number;
  /** `all` (when absent): every line in full or nothing; `partial`: each line what is there. */
  readonly mode?: "all" | "partial";
  /** The caller's own name for it. */
  readonly reference?: string;
  /** Where it came from, such as `web`. */
  readonly channel?: string;
}

export interface ReserveOne extends Line, ReserveOptions {}

export interface ReserveLines extends ReserveOptions {
  /** 1 to 500. */
  readonly lines: readonly Line[];
}

export type Reserve = ReserveOne | ReserveLines;

export interface ReservationLine {
  readonly sku: string;
  readonly location: string;
  /** Units taken when it was made; less than `requested` only in mode `partial`. */
  readonly quantity: number;
  readonly requested: number;
  readonly held: number;
  readonly allocated: number;
  readonly fulfilled: number;
}

export interface Reservation {
  readonly id: string;
  readonly status: "held" | "confirmed" | "released" | "expired" | "fulfilled";
  readonly lines: readonly ReservationLine[];
  readonly mode: "all" | "partial";
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly updatedAt: string;
  readonly version: number;
  readonly reference?: string;
  readonly channel?: string;
}

export type MovementType =
  | "receipt"
  | "sale"
  | "return"
  | "adjustment"
  | "count"
  | "damage"
  | "transfer-out"
  | "transfer-in"
  | "void"
  | "ship"
  | "pick"
  | "pack"
  | "putaway";

/** Something that happened to physical stock. The `id` makes a repeat harmless. */
export interface Movement {
  /** 1 to 255 characters. */
  readonly id: string;
  readonly type: MovementType;
  readonly sku: string;
  readonly location: string;
  /** Signed for `adjustment`, else 0 or more. A `count` states what was on hand at `occurredAt`. */
  readonly quantity: number;
  readonly occurredAt?: string;
  readonly reason?: string;
  readonly reference?: string;
  readonly toLocation?: string;
  /** Id of the movement of the same SKU that it undoes or follows from; a `void` or `return` waits for it as `pending`. */
  readonly reverses?: string;
}

export interface StockLevels {
  readonly onHand: number;
  readonly held: number;
  readonly allocated: number;
  readonly unavailable: number;
  readonly inbound: number;
  readonly safetyStock: number;
  /** onHand - held - allocated - unavailable - safetyStock; below zero when oversold. */
  readonly available: number;
}

export interface StockRecord extends StockLevels {
  readonly sku: string;
  readonly location: string;
  /** Grows by one with each event. */
  readonly version: number;
  readonly updatedAt: string;
}

/** Every record of a SKU, and their sums. */
export interface Stock {
  readonly sku: string;
  readonly totals: StockLevels;
  readonly records: readonly StockRecord[];
}

export interface AvailabilityQuery {
  readonly skus: readonly string[];
  /** Absent: all. */
  readonly locations?: readonly string[];
}

export interface Availability {
  /** A SKU never seen at a location is left out. */
  readonly items: readonly AvailabilityItem[];
}

export interface AvailabilityItem {
  readonly sku: string;
  readonly location: string;
  readonly available: number;
  readonly version: number;
}

export interface LocationBody {
  readonly type: "store" | "dc" | "3pl" | "supplier" | "virtual";
  readonly name: string;
  /** Degrees. */
  readonly latitude?: number;
  readonly longitude?: number;
  readonly postalCode?: string;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  /** IANA name. */
  readonly timeZone?: string;
  /** What else is to be kept, at most 16 KiB as JSON. */
  readonly attributes?: Readonly<Record<string, unknown>>;
}

export interface Location extends LocationBody {
  readonly id: string;
  readonly version: number;
  readonly updatedAt: string;
}

export interface Locations {
  /** In id order. */
  readonly items: readonly Location[];
  /** Send it as `after` for the next page; absent on the last. */
  readonly next?: string;
}
