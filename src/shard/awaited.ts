/** Which movements the reversals of a shard wait for, and in which records those are: an index of what the records say themselves. */

import type { LocationId, Sku } from "../base/index.ts";
import type { StockRecord } from "../stock/index.ts";

interface Place {
  readonly sku: Sku;
  readonly location: LocationId;
}

export class Awaited {
  readonly #places = new Map<string, Place[]>();

  /** Movements that something waits for. O(1). */
  get size(): number {
    return this.#places.size;
  }

  /** Locations whose record of the SKU has something waiting for the movement, in order. O(1) where nothing waits. */
  locationsOf(sku: Sku, id: string): readonly LocationId[] {
    const places = this.#places.size === 0 ? undefined : this.#places.get(nameOf(sku, id));
    return places === undefined ? [] : places.map(({ location }) => location).sort();
  }

  /** Every record in which something waits, once. O(all that waits). */
  places(): readonly Place[] {
    const places = new Map<string, Place>();
    for (const each of this.#places.values()) {
      for (const place of each) places.set(nameOf(place.sku, place.location), place);
    }
    return [...places.values()];
  }

  add({ sku, location, ledger }: StockRecord): void {
    for (const { reverses } of ledger.waiting) {
      const name = nameOf(sku, reverses);
      const places = this.#places.get(name) ?? [];
      if (places.some((place) => place.location === location)) continue;
      places.push({ sku, location });
      this.#places.set(name, places);
    }
  }

  /** One record took the place of its former self. */
  replace(before: StockRecord, after: StockRecord): void {
    for (const { reverses } of before.ledger.waiting) {
      const name = nameOf(before.sku, reverses);
      const left = (this.#places.get(name) ?? []).filter((place) => place.location !== before.location);
      if (left.length === 0) this.#places.delete(name);
      else this.#places.set(name, left);
    }
    this.add(after);
  }

  clear(): void {
    this.#places.clear();
  }
}

function nameOf(sku: Sku, id: string): string {
  return `${sku}\u0000${id}`;
}
