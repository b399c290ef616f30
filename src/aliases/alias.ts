/** What a code of somebody else stands for: an item or a place of the grid. And its bytes in the bucket. */

import { CorruptData, type LocationId, type Sku } from "../base/index.ts";

export const ALIAS_KINDS = ["items", "locations"] as const;
export type AliasKind = (typeof ALIAS_KINDS)[number];

/** Most units of a SKU in one of what a code names. */
export const UNITS_MAX = 1_000_000;

export type Alias =
  /** `units`: of the SKU in one of what the code names, 1 to {@link UNITS_MAX}. */
  | { readonly kind: "items"; readonly code: string; readonly sku: Sku; readonly units: number }
  | { readonly kind: "locations"; readonly code: string; readonly location: LocationId };

const VERSION = 1;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

export const encodeAlias = (alias: Alias): Uint8Array => encoder.encode(JSON.stringify({ v: VERSION, ...alias }));

/** Throws CorruptData for what this version does not know. */
export function decodeAlias(bytes: Uint8Array, where: string): Alias {
  const { v, ...alias } = JSON.parse(decoder.decode(bytes)) as Alias & { readonly v: unknown };
  if (v !== VERSION) throw new CorruptData(`an alias of version ${String(v)}, this program knows ${VERSION}`, where);
  return alias;
}
