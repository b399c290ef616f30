/**
 * Applying movements. Checks in this order: the id's earlier use, then the location, then the levels.
 * An id is spent once over the whole grid, whatever it moved.
 */

import { decideMovement, type Movement } from "../stock/index.ts";
import type { MovementResult } from "./grid.ts";
import { NOT_OWNER } from "./not-owner.ts";
import type { Turn } from "./turn.ts";

export function move(turn: Turn, movement: Movement): MovementResult {
  const shard = turn.state.shardOfSku(movement.sku);
  if (!turn.state.owns(shard.id)) return NOT_OWNER;
  const registry = turn.state.shardOfMovement(movement.id);
  const use = registry.movement(movement.id);
  if (use !== undefined && turn.now < use.at + turn.movementRetentionMs) return { kind: "duplicate", version: use.version };
  const unknown = [movement.location, movement.toLocation].find((id) => id !== undefined && !turn.state.locations.has(id));
  if (unknown !== undefined) {
    return { kind: "not-found", detail: `location ${unknown} is not known; create it with PUT /v1/locations first` };
  }
  const cell = shard.recordOrEmpty(movement.sku, movement.location);
  const events = decideMovement(cell.value, movement, turn.now);
  if ("kind" in events) return events;
  const version = cell.value.version + 1;
  for (const event of events) turn.entries.push(turn.state.applyStock(shard, cell, event));
  registry.putMovement(movement.id, { version, at: turn.now });
  turn.entries.push({ entry: "movement", id: movement.id, version, at: turn.now });
  return { kind: "applied", version };
}
