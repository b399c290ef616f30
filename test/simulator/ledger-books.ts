/**
 * What is on hand, said once more from the ids of movements: what each did in the end, by the time it happened, in no order of arrival.
 *
 * W10. On hand is the last count, the lowest of one time, and what moved at or after its time; what was voided is left out. Of a record with something older than
 *     its history nothing is said.
 * W11. Nothing waits for a movement of its SKU that is applied.
 */

import type { MovementEntry } from "../../src/shard/index.ts";
import type { StockEvent } from "../../src/stock/index.ts";
import { mustHold } from "./violation.ts";

interface Statement {
  readonly pair: string;
  readonly kind: "moved" | "counted";
  readonly occurredAt: number;
  readonly units: number;
}

export class LedgerBooks {
  readonly #movements = new Map<string, Statement | undefined>();
  readonly #shipped: Statement[] = [];
  readonly #folded = new Set<string>();
  /** By SKU and id: what waits for what, and what is applied. */
  readonly #waiting = new Map<string, string>();
  readonly #applied = new Set<string>();

  event({ kind, sku, cause, reverses, occurredAt, onHand, note }: StockEvent, pair: string): void {
    if (kind === "void-pending" || kind === "return-pending") this.#waiting.set(`${sku} ${cause}`, `${sku} ${reverses}`);
    if (note === "before-history") this.#folded.add(pair);
    if (kind === "fulfilled") this.#shipped.push({ pair, kind: "moved", occurredAt, units: onHand });
  }

  movement({ id, sku, effect }: MovementEntry): void {
    if (effect === undefined) return;
    const { kind, location, occurredAt, units, isVoided } = effect;
    if (kind !== "waiting") {
      this.#applied.add(`${sku} ${id}`);
      this.#waiting.delete(`${sku} ${id}`);
    }
    const counts = (kind === "moved" || kind === "counted") && !isVoided;
    this.#movements.set(id, counts ? { pair: `${sku} at ${location}`, kind, occurredAt, units } : undefined);
  }

  /** Pairs compared. Throws Violation. */
  check(onHandOf: (pair: string) => number): number {
    const byPair = new Map<string, Statement[]>();
    for (const each of [...this.#movements.values(), ...this.#shipped]) {
      if (each !== undefined) byPair.set(each.pair, [...(byPair.get(each.pair) ?? []), each]);
    }
    for (const [waiting, named] of this.#waiting) {
      mustHold(!this.#applied.has(named), `W11: ${waiting} waits for ${named}, which is applied`);
    }
    let compared = 0;
    // A program that keeps no account of what movements did says nothing here.
    if (this.#movements.size === 0) return compared;
    for (const [pair, statements] of byPair) {
      if (this.#folded.has(pair)) continue;
      const [stated, seen] = [levelOf(statements), onHandOf(pair)];
      mustHold(stated === seen, `W10: ${pair} has ${seen} on hand, its movements say ${stated}`);
      compared++;
    }
    return compared;
  }
}

function levelOf(statements: readonly Statement[]): number {
  const counts = statements.filter(({ kind }) => kind === "counted");
  const since = Math.max(Number.NEGATIVE_INFINITY, ...counts.map(({ occurredAt }) => occurredAt));
  const counted = counts.filter(({ occurredAt }) => occurredAt === since).map(({ units }) => units);
  const moved = statements.filter(({ kind, occurredAt }) => kind === "moved" && occurredAt >= since);
  return (counted.length === 0 ? 0 : Math.min(...counted)) + moved.reduce((sum, { units }) => sum + units, 0);
}
