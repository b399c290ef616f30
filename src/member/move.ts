/**
 * Applying movements. Checks in this order: the id's earlier use, then the location, then the levels.
 *
 * An id is spent once over the whole grid, whatever it moved. It is recorded in two shards, since each may go to another member: in
 * the shard of the id's own hash, its registry, which says who may use it, and in the SKU's shard, which says that it was applied.
 * While the registry is another member's, the id has to be claimed there first: see moves.ts.
 */

import type { ShardId } from "../base/index.ts";
import { MOVEMENT_FREED, type MovementUse, type RecordCell, type Shard } from "../shard/index.ts";
import { decideMovement, effectOf, type Movement, type StockEvent } from "../stock/index.ts";
import type { MovementResult } from "./grid.ts";
import { liveUse, recordUse } from "./movement-use.ts";
import { NOT_OWNER } from "./not-owner.ts";
import type { MovementClaimAnswer, MovementClaimAsk } from "./peers.ts";
import { applyReversing, makeRoom, namedBy, settleAwaited } from "./reversals.ts";
import type { Turn } from "./turn.ts";

/** The id has to be claimed at this shard of another member before the movement can be decided. */
export interface ClaimNeeded {
  readonly kind: "claim-needed";
  readonly registry: ShardId;
}

/** `claimed`: the registry, which is another member's, has given the id to this SKU. */
export function move(turn: Turn, movement: Movement, claimed = false): MovementResult | ClaimNeeded {
  const { state } = turn;
  const shard = state.shardOfSku(movement.sku);
  if (!state.owns(shard.id)) return NOT_OWNER;
  const spent = liveUse(turn, shard, movement.id);
  if (spent !== undefined && spent.version > 0) return { kind: "duplicate", version: spent.version };
  const registry = state.shardOfMovement(movement.id);
  const isOwn = state.owns(registry.id);
  if (!isOwn && !claimed) return { kind: "claim-needed", registry: registry.id };
  const other = isOwn ? otherUse(turn, registry, movement) : undefined;
  if (other !== undefined) return { kind: "duplicate", version: other.version };

  const unknown = [movement.location, movement.toLocation].find((id) => id !== undefined && !turn.locations.has(id));
  if (unknown !== undefined) {
    return { kind: "not-found", detail: `location ${unknown} is not known; create it with PUT /v1/locations first` };
  }
  const cell = shard.recordOrEmpty(movement.sku, movement.location);
  const named = namedBy(turn, shard, movement.reverses);
  const decide = (): ReturnType<typeof decideMovement> => decideMovement(cell.value, movement, turn.now, named);
  const first = decide();
  const events = !("kind" in first) && isPending(first) && makeRoom(turn, shard, cell) ? decide() : first;
  if ("kind" in events) return events;
  return apply(turn, movement, shard, cell, events, isOwn ? registry : undefined);
}

function isPending([event]: readonly StockEvent[]): boolean {
  return event?.kind === "void-pending" || event?.kind === "return-pending";
}

function apply(
  turn: Turn,
  movement: Movement,
  shard: Shard,
  cell: RecordCell,
  events: readonly StockEvent[],
  registry: Shard | undefined,
): MovementResult {
  const { id, sku } = movement;
  const version = cell.value.version + 1;
  applyReversing(turn, shard, cell, events);
  const use = { version, at: turn.now, sku };
  recordUse(turn, shard, id, { ...use, effect: effectOf(events[0] as StockEvent) });
  if (registry !== undefined && registry !== shard) recordUse(turn, registry, id, use);
  if (isPending(events)) return { kind: "pending", version };
  settleAwaited(turn, shard, sku, id);
  return { kind: "applied", version };
}

/** As the registry: gives the id to the SKU unless another has it, or it was applied. */
export function claimHere(turn: Turn, registry: Shard, { id, sku, attempt }: MovementClaimAsk): MovementClaimAnswer {
  const use = liveUse(turn, registry, id);
  if (use !== undefined && (use.version > 0 || use.sku !== sku)) return { kind: "duplicate", version: use.version };
  recordUse(turn, registry, id, { version: 0, at: turn.now, sku, attempt });
  return { kind: "claimed" };
}

/** As the registry: takes back the claim, unless a newer one has taken its place. */
export function freeHere(turn: Turn, registry: Shard, { id, sku, attempt }: MovementClaimAsk): void {
  const use = liveUse(turn, registry, id);
  if (use === undefined || use.version !== 0 || use.sku !== sku || use.attempt !== attempt) return;
  recordUse(turn, registry, id, { version: MOVEMENT_FREED, at: turn.now, sku });
}

/** A use that is not merely this SKU's own claim. */
function otherUse(turn: Turn, registry: Shard, { id, sku }: Movement): MovementUse | undefined {
  const use = liveUse(turn, registry, id);
  return use === undefined || (use.version === 0 && use.sku === sku) ? undefined : use;
}
