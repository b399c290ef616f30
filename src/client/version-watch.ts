/**
 * Sees per record whether the events of a feed come once each and without holes: versions grow by one.
 *
 * V1. An event at or below the newest version seen of its record is a repeat.
 * V2. An event more than one above it follows a gap.
 * V3. Memory is bounded: of more than {@link RECORDS_WATCHED_MAX} records, those not seen for longest are forgotten, and their next event
 *     counts as the first.
 */

export const RECORDS_WATCHED_MAX = 1_000_000;

export type Sighting =
  | { readonly kind: "next" }
  | { readonly kind: "repeat" }
  /** `expected` is the first version that is missing. */
  | { readonly kind: "gap"; readonly expected: number };

const NEXT: Sighting = { kind: "next" };
const REPEAT: Sighting = { kind: "repeat" };

export class VersionWatch {
  /** In the order of last sight. */
  readonly #versions = new Map<string, number>();
  readonly #recordsMax: number;

  constructor(recordsMax: number = RECORDS_WATCHED_MAX) {
    this.#recordsMax = recordsMax;
  }

  /** O(1). */
  see(sku: string, location: string, version: number): Sighting {
    const key = `${sku}\0${location}`;
    const last = this.#versions.get(key);
    if (last !== undefined && version <= last) return REPEAT;
    this.#versions.delete(key);
    this.#versions.set(key, version);
    if (last === undefined) this.#forgetOldest();
    return last === undefined || version === last + 1 ? NEXT : { kind: "gap", expected: last + 1 };
  }

  #forgetOldest(): void {
    if (this.#versions.size <= this.#recordsMax) return;
    const [oldest] = this.#versions.keys();
    if (oldest !== undefined) this.#versions.delete(oldest);
  }
}
