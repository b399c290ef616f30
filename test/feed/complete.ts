/** What must hold of STOCK_EVENTS, however it came about. */

import { expect } from "vitest";
import type { TestLane } from "./lane.ts";
import type { PublishedEvent } from "./published.ts";

interface Data {
  readonly data: { readonly sku: string; readonly location: string; readonly version: number };
}

function versionsByRecord(events: readonly PublishedEvent[]): Map<string, number[]> {
  const versions = new Map<string, number[]>();
  for (const { json } of events) {
    const { sku, location, version } = (JSON.parse(json) as Data).data;
    versions.set(`${location}/${sku}`, [...(versions.get(`${location}/${sku}`) ?? []), version]);
  }
  return versions;
}

/** Every event of every lane once; each record's in the order of versions, each lane's in its order. */
export function expectComplete(events: readonly PublishedEvent[], lanes: readonly TestLane[]): void {
  const ids = events.map((event) => event.id);
  expect(new Set(ids).size, "published twice").toBe(ids.length);
  for (const lane of lanes) expect(ids.filter((id) => id.startsWith(`${lane.name}-`))).toEqual(lane.ids);
  expect(ids.length).toBe(lanes.reduce((sum, lane) => sum + lane.ids.length, 0));
  for (const [record, versions] of versionsByRecord(events)) {
    expect(versions, record).toEqual(versions.map((_, index) => index + 1));
  }
}
