/**
 * Idempotency keys: the scope of a key is the first SKU of the reservation in sorted order, so that key, reservation and
 * first record live in one shard. A refused request leaves its key free: it never gets here, or its reservation is refused.
 */

import type { ReservationId, Sku } from "../base/index.ts";
import type { Shard } from "../shard/index.ts";
import type { IdempotencyKey, KeyReused } from "./grid.ts";
import type { Turn } from "./turn.ts";

/** The reservation an earlier use of the key led to, undefined for a free key, or the refusal when the body differs. */
export function earlierUse(
  turn: Turn,
  home: Shard,
  sku: Sku,
  idempotency: IdempotencyKey,
): ReservationId | KeyReused | undefined {
  const use = home.key(sku, idempotency.key);
  if (use === undefined || turn.now >= use.at + turn.keyRetentionMs) return undefined;
  if (home.reservation(use.reservation)?.value.stage === "refused") return undefined;
  if (use.fingerprint === idempotency.fingerprint) return use.reservation;
  return {
    kind: "idempotency-key-reused",
    detail: `idempotency key ${idempotency.key} was used with another body; send the first body or a new key`,
  };
}

export function useKey(turn: Turn, home: Shard, sku: Sku, idempotency: IdempotencyKey, reservation: ReservationId): void {
  const { key, fingerprint } = idempotency;
  home.putKey(sku, key, { fingerprint, reservation, at: turn.now });
  turn.entries.push({ entry: "key", sku, key, fingerprint, reservation, at: turn.now });
}

/** First SKU in code unit order. */
export function firstSku(lines: readonly { readonly sku: Sku }[]): Sku {
  let first = (lines[0] as { sku: Sku }).sku;
  for (let i = 1; i < lines.length; i++) {
    const { sku } = lines[i] as { sku: Sku };
    if (sku < first) first = sku;
  }
  return first;
}
