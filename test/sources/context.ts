/** A context for interpreters: codes that the test tells, zones of two stores, and events around data. */

import { parseMovement } from "../../src/api/index.ts";
import type { LocationId, Sku } from "../../src/base/index.ts";
import { type Interpretation, interpret, type Source, type SourceContext, type SourceEvent } from "../../src/sources/index.ts";

export interface Told {
  readonly items?: Readonly<Record<string, readonly [sku: string, units: number]>>;
  readonly places?: Readonly<Record<string, string>>;
  readonly zones?: Readonly<Record<string, string>>;
  readonly location?: string;
}

export function contextOf(source: Source, { items = {}, places = {}, zones = {}, location }: Told = {}): SourceContext {
  return {
    source,
    location: location as LocationId | undefined,
    codes: {
      item: (code) => {
        const found = items[code];
        return found === undefined ? undefined : { sku: found[0] as Sku, units: found[1] };
      },
      place: (code) => places[code] as LocationId | undefined,
    },
    zoneOf: (place) => zones[place],
    parseMovement,
  };
}

export function eventOf(data: unknown, more: Partial<SourceEvent> = {}): SourceEvent {
  return { source: "/test", id: "e1", data, ...more };
}

export const read = (source: Source, data: unknown, told: Told = {}, more: Partial<SourceEvent> = {}): Interpretation =>
  interpret(eventOf(data, more), contextOf(source, told));

/** Movements in short: type, SKU, location, quantity; or the problem. */
export function brief(interpretation: Interpretation): readonly string[] {
  if (interpretation.kind === "problem") return [`${interpretation.path}: ${interpretation.reason}`];
  return interpretation.movements.map(({ type, sku, location, quantity }) => `${type} ${sku} ${location} ${quantity}`);
}
