/**
 * What an interpreter is given and what it gives: from one event of a source, movements of stock, signals that move none, or why it cannot be read.
 *
 * S1. Interpreters are pure: the same event in the same context gives the same movements with the same ids.
 * S2. An event is understood as a whole or not at all: no movement comes out of one with a problem.
 * S3. The id of a movement is the source and id of its event, and its place in it: the same event again is a duplicate.
 */

import type { EpochMs, LocationId, Sku } from "../base/index.ts";
import type { Movement } from "../stock/index.ts";
import type { SourceMovement } from "./source-movement.ts";

export const SOURCES = ["pos", "ecommerce", "wms", "rfid", "supplier", "returns"] as const;
export type Source = (typeof SOURCES)[number];

export const isSource = (text: string): text is Source => SOURCES.some((source) => source === text);

/** What of a CloudEvent the interpreters look at. */
export interface SourceEvent {
  readonly source: string;
  readonly id: string;
  /** `time` of the envelope. */
  readonly time?: EpochMs | undefined;
  readonly contentType?: string | undefined;
  readonly data: unknown;
}

/** What a code stands for. */
export interface CodedItem {
  readonly sku: Sku;
  /** Units of the SKU in one of what the code names: 12 for a case of twelve, 1000 for kilograms of what is kept in grams. */
  readonly units: number;
}

/** What codes of sources stand for in the grid; undefined for one that nobody told. */
export interface Codes {
  item(code: string): CodedItem | undefined;
  place(code: string): LocationId | undefined;
}

/** Reads the plain form: a movement, by the rules of every other front end. */
export type MovementParser = (
  item: unknown,
) => { readonly ok: true; readonly value: Movement } | { readonly ok: false; readonly problem: { readonly detail: string } };

export interface SourceContext {
  readonly source: Source;
  /** Where the event came from, when its subject or its sender says so. */
  readonly location?: LocationId | undefined;
  readonly codes: Codes;
  /** IANA name. */
  zoneOf(location: LocationId): string | undefined;
  readonly parseMovement: MovementParser;
}

/** Something worth knowing that moves no stock: demand, expected supply, a reading of a sensor. */
export interface Signal {
  readonly kind: string;
  readonly at?: EpochMs | undefined;
  readonly sku?: Sku | undefined;
  readonly location?: LocationId | undefined;
  readonly quantity?: number | undefined;
  /** Order, basket, shipment. */
  readonly reference?: string | undefined;
  /** What else the event says of it. */
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

export type Interpretation =
  | {
      readonly kind: "understood";
      /** None: `why` says what the event was. */
      readonly movements: readonly SourceMovement[];
      readonly signals: readonly Signal[];
      readonly why: string;
    }
  /** `path` is a JSON pointer into the event, such as `/data/lines/0/quantity`. */
  | { readonly kind: "problem"; readonly path: string; readonly reason: string };

export type Interpreter = (event: SourceEvent, context: SourceContext) => Interpretation;
