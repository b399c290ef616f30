/** One shard that moves movements as a member does, in memory, without a journal: what it comes to, and the entries that say so. */

import type { EpochMs, LocationId, ReservationId, Sku } from "../../src/base/index.ts";
import type { MovementResult } from "../../src/member/index.ts";
import { MemberState } from "../../src/member/member-state.ts";
import { move } from "../../src/member/move.ts";
import { settleOverdue } from "../../src/member/reversals.ts";
import type { Turn } from "../../src/member/turn.ts";
import type { ColdTier, Entry } from "../../src/shard/index.ts";
import type { Ledger, Movement, StockRecord } from "../../src/stock/index.ts";

export const SKU = "sku" as Sku;
export const HERE = "here" as LocationId;
export const THERE = "there" as LocationId;

const HOUR_MS = 3_600_000;
/** All that happens in these tests happened before it. */
export const ARRIVALS_BEGIN = 100 * HOUR_MS;

const NOTHING_COLD: ColdTier = {
  record: () => undefined,
  recordsOf: () => [],
  reservation: () => undefined,
  participation: () => undefined,
  key: () => undefined,
  movement: () => undefined,
};

const EVERYWHERE = { has: (): boolean => true };

export class World {
  readonly state = newState();
  readonly entries: Entry[] = [];
  now = ARRIVALS_BEGIN as EpochMs;

  move(movement: Movement): MovementResult {
    const result = move(this.#turn(), movement);
    if (result.kind === "claim-needed") throw new Error("there is one member alone");
    return result;
  }

  /** Time passes, and what has waited for longer is applied. */
  settleOverdue(waitMs: number): void {
    settleOverdue(this.#turn(), (this.now - waitMs) as EpochMs);
  }

  record(location: LocationId = HERE): StockRecord {
    return this.state.shardOfSku(SKU).recordOrEmpty(SKU, location).value;
  }

  /** What each movement did, in the order of their ids: which are spent, and which are voided. */
  effects(): unknown[] {
    const effects = [...this.state.shardOfSku(SKU).movements.values()].flatMap(({ id, value: { effect } }) => {
      if (effect === undefined) return [];
      // Of two voids of one movement the one that came first has its time, and neither can be undone.
      return [{ id, ...effect, ...(effect.kind === "none" ? { occurredAt: 0 } : {}) }];
    });
    return effects.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** The same, by reading the entries. */
  replayed(): World {
    const world = new World();
    for (const entry of this.entries) world.state.replay(entry);
    return world;
  }

  #turn(): Turn {
    return {
      state: this.state,
      now: this.now,
      entries: this.entries,
      locations: EVERYWHERE,
      newReservationId: () => "0mjuohs00075bcd15-deadbeef" as ReservationId,
      onUnsettled: () => undefined,
      keyRetentionMs: 24 * HOUR_MS,
      movementRetentionMs: 168 * HOUR_MS,
    };
  }
}

function newState(): MemberState {
  return new MemberState(
    4,
    NOTHING_COLD,
    () => true,
    () => undefined,
  );
}

/**
 * What must not depend on the order of arrival: levels, the time of the last count, the history and its folded part, what waits. Left out is what tells of the way
 * there: `version`, `updatedAt`, and since when something waits.
 */
export function essence({ onHand, held, allocated, unavailable, countedAt, ledger }: StockRecord): unknown {
  return { onHand, held, allocated, unavailable, countedAt, ledger: essenceOfLedger(ledger) };
}

function essenceOfLedger({ history, base, foldedTo, foldedCount, waiting }: Ledger): unknown {
  return { history, base, foldedTo, foldedCount, waiting: waiting.map(({ since: _since, ...rest }) => rest) };
}
