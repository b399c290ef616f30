/**
 * A story over two members that a patient client tells: reservations with lines on both, confirmed, shipped in part, released, left to
 * expire, refused, and movements whose ids have their registry at the other member. Whatever goes wrong meanwhile, the client repeats
 * what it does not know the outcome of; in the end it knows what must be.
 */

import type { ReservationId } from "../../src/base/index.ts";
import type { Reserve, ReserveResult, Transit, TransitResult } from "../../src/member/index.ts";
import type { Movement } from "../../src/stock/index.ts";
import { booksOf, wrongAtRest } from "./books.ts";
import { ownerOf, type Pair, PLACE, shardOf, skuOf } from "./pair.ts";

export const HOME = skuOf("a", "1-home");
export const AWAY = skuOf("b", "2-away");
export const NEAR = skuOf("a", "3-near", [HOME]);
const STOCK = 10;
const REST_MS = 30_000;

/** Plays the story after `disturb` was told that it begins. Resolves to what is wrong in the end; empty when nothing is. */
export async function play(pair: Pair, disturb: () => void): Promise<string[]> {
  await pair.open();
  for (const sku of [HOME, AWAY, NEAR]) await pair.receive(sku, STOCK);
  disturb();
  const wrong = await new Story(pair).tell();
  await pair.open();
  await pair.scheduler.runFor(REST_MS);
  await pair.open();
  return [...wrong, ...wrongAtRest(pair), ...wrongLevels(pair)];
}

class Story {
  readonly #pair: Pair;
  readonly #wrong: string[] = [];

  constructor(pair: Pair) {
    this.#pair = pair;
  }

  async tell(): Promise<string[]> {
    const kept = await this.#reserve("kept", [2, 3, 1]);
    await this.#transit(kept, "confirm");
    await this.#transit(kept, "fulfill", [{ sku: AWAY, location: PLACE, quantity: 1 }]);
    this.#expect("too much", (await this.#ask("too-much", [1, 99, 1])).kind, "insufficient-stock");
    const given = await this.#reserve("given back", [1, 1]);
    await this.#transit(given, "release");
    await this.#reserve("left alone", [3, 3], 1_500);
    this.#expect("the receipt", (await this.#move("moved", 1)).kind, "applied or duplicate");
    this.#expect("the same id for another SKU", (await this.#move("moved", 7, NEAR)).kind, "duplicate");
    return this.#wrong;
  }

  async #reserve(name: string, quantities: readonly number[], ttlMs?: number): Promise<ReservationId> {
    const result = await this.#ask(name, quantities, ttlMs);
    this.#expect(name, result.kind, "reserved");
    return result.kind === "reserved" ? result.reservation.id : ("" as ReservationId);
  }

  #ask(name: string, quantities: readonly number[], ttlMs = 600_000): Promise<Exclude<ReserveResult, { kind: "fault" }>> {
    const lines = [HOME, AWAY, NEAR].flatMap((sku, index) => {
      const quantity = quantities[index] ?? 0;
      return quantity === 0 ? [] : [{ sku, location: PLACE, quantity }];
    });
    const idempotency = { key: name, fingerprint: name };
    const command: Reserve = { lines, mode: "all", ttlMs, reference: name, idempotency };
    return this.#pair.insist<ReserveResult>("a", (member, done) => member.reserve(command, done));
  }

  async #transit(id: ReservationId, transition: Transit["transition"], lines?: Transit["lines"]): Promise<void> {
    const idempotency = { key: `${transition} ${id}`, fingerprint: transition };
    const result = await this.#pair.insist<TransitResult>("a", (member, done) =>
      member.transit({ id, transition, lines, idempotency }, done),
    );
    this.#expect(`${transition} of ${id}`, result.kind, "reservation");
  }

  /** A receipt for the SKU whose registry is at the other member. */
  #move(name: string, quantity: number, sku = HOME): Promise<{ readonly kind: string }> {
    const id = idAt("b", name);
    const movement: Movement = { id, type: "receipt", sku, location: PLACE, quantity };
    return this.#pair.insist(ownerOf(shardOf(sku)), (member, done) => member.move(movement, done));
  }

  #expect(what: string, found: string, wanted: string): void {
    if (!wanted.split(" or ").includes(found)) this.#wrong.push(`${what} was answered ${found}, not ${wanted}`);
  }
}

/** An id that begins so, whose registry is at the side. */
export function idAt(side: "a" | "b", name: string): string {
  for (let n = 0; ; n++) if (ownerOf(shardOf(`${name}-${n}`)) === side) return `${name}-${n}`;
}

/** What is left in the end is known to the unit. */
function wrongLevels(pair: Pair): string[] {
  const { records, movements } = booksOf(pair);
  const wanted = new Map([
    [HOME, { onHand: STOCK + 1, held: 0, allocated: 2 }],
    [AWAY, { onHand: STOCK - 1, held: 0, allocated: 2 }],
    [NEAR, { onHand: STOCK, held: 0, allocated: 1 }],
  ]);
  const wrong = [...wanted].flatMap(([sku, { onHand, held, allocated }]) => {
    const found = records.get(sku);
    const same = found?.onHand === onHand && found.held === held && found.allocated === allocated;
    return same ? [] : [`${sku} ended as ${JSON.stringify(found)}`];
  });
  const shards = movements.get(idAt("b", "moved")) ?? [];
  return shards.length === 1 && shards[0] === shardOf(HOME) ? wrong : [...wrong, `the movement was applied in shards ${shards}`];
}
