/** What a shard remembers of the ids of movements. */

import { MOVEMENT_FREED, type MovementUse, type Shard } from "../shard/index.ts";
import type { Turn } from "./turn.ts";

export function recordUse(turn: Turn, shard: Shard, id: string, use: MovementUse): void {
  turn.state.applyMovement(shard, id, use);
  turn.entries.push({ entry: "movement", id, shard: shard.id, ...use });
}

/** What the shard remembers of the id, unless it was freed or is old enough to be forgotten. */
export function liveUse(turn: Turn, shard: Shard, id: string): MovementUse | undefined {
  const use = shard.movement(id);
  if (use === undefined || use.version === MOVEMENT_FREED || turn.now >= use.at + turn.movementRetentionMs) return undefined;
  return use;
}
