/**
 * Movements whose id has its registry at another member: claimed there, then decided here.
 *
 * L1. Movements of one SKU are decided in the order in which they came, also those that need no claim, as long as claims are answered. One
 *     whose claim fails is answered with the fault, and the next goes on.
 * L2. Of movements with one id, one at a time is between claim and decision.
 * L3. A refused movement frees its claim; the caller is told when it is free, or when that could not be had.
 * L4. A crash between the claim and the movement leaves the id with its SKU: the same movement can be sent again, by this SKU.
 */

import type { Fault, Sku } from "../base/index.ts";
import type { Movement } from "../stock/index.ts";
import { ASK_MS_FIRST, type Desk, nextPause } from "./desk.ts";
import type { MovementResult } from "./grid.ts";
import { type ClaimNeeded, move } from "./move.ts";
import type { MovementClaimAnswer, MovementClaimAsk } from "./peers.ts";

type Done = (result: MovementResult) => void;

interface Pending {
  readonly movement: Movement;
  readonly attempt: number;
  readonly done: Done;
  claim: "none" | "asked" | "claimed";
  /** Told instead of a decision. */
  answer: MovementResult | undefined;
  cancel: (() => void) | undefined;
}

const FREE_TRIES_MAX = 5;

const NOT_CLAIMED: Fault = {
  kind: "fault",
  code: "not-ready",
  retryAfterMs: 1_000,
  detail: "the shard that keeps the id of the movement did not answer; nothing was done; retry with the same id",
};

export class Moves {
  readonly #desk: Desk;
  readonly #queues = new Map<Sku, Pending[]>();
  /** Whoever was not told yet. */
  readonly #waiting = new Set<Pending>();
  #dead = false;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Callers that wait. O(1). */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether a movement of the SKU has to stand in line. */
  isBehind(sku: Sku): boolean {
    return this.#queues.has(sku);
  }

  /** In line behind those of its SKU. `done` is told after the commit. */
  enqueue(movement: Movement, done: Done): void {
    const attempt = this.#desk.newAttempt();
    const pending: Pending = { movement, attempt, done, claim: "none", answer: undefined, cancel: undefined };
    const queue = this.#queues.get(movement.sku) ?? [];
    const isAlone = queue.length === 0;
    const hasTwin = queue.some((each) => each.movement.id === movement.id);
    queue.push(pending);
    this.#queues.set(movement.sku, queue);
    this.#waiting.add(pending);
    if (isAlone) this.#desk.clock.soon(() => this.#guarded(() => this.#drain(movement.sku)));
    else if (!hasTwin) this.#claimIfElsewhere(pending);
  }

  stop(fault: Fault): void {
    this.#dead = true;
    this.#queues.clear();
    for (const pending of [...this.#waiting]) {
      pending.cancel?.();
      this.#tell(pending, fault);
    }
  }

  /** Decides from the head of the line for as long as the head can be decided. */
  #drain(sku: Sku): void {
    const queue = this.#queues.get(sku);
    for (let head = queue?.[0]; queue !== undefined && head !== undefined; head = queue[0]) {
      if (head.claim === "asked" && head.answer === undefined) return;
      const result = head.answer ?? move(this.#desk.turn(), head.movement, head.claim === "claimed");
      if (result.kind === "claim-needed") return this.#ask(head, result);
      queue.shift();
      this.#finish(head, result);
    }
    this.#queues.delete(sku);
  }

  /** Claims ahead of the turn in line, so that the claims of a list are in the air together. */
  #claimIfElsewhere(pending: Pending): void {
    const { state } = this.#desk;
    const registry = state.shardOfMovement(pending.movement.id);
    if (!state.owns(registry.id)) this.#ask(pending, { kind: "claim-needed", registry: registry.id });
  }

  #ask(pending: Pending, { registry }: ClaimNeeded): void {
    const { clock, peers, bounds } = this.#desk;
    pending.claim = "asked";
    const hear = (answer: MovementClaimAnswer | Fault): void => this.#guarded(() => this.#hear(pending, answer));
    pending.cancel = clock.after(bounds.answerMsMax, () => hear(NOT_CLAIMED));
    if (peers === undefined) hear(NOT_CLAIMED);
    else peers.claimMovement(registry, askOf(pending), hear);
  }

  #hear(pending: Pending, answer: MovementClaimAnswer | Fault): void {
    if (pending.claim !== "asked" || pending.answer !== undefined) return;
    pending.cancel?.();
    if (answer.kind === "claimed") pending.claim = "claimed";
    else if (answer.kind === "duplicate") pending.answer = answer;
    else pending.answer = NOT_CLAIMED;
    this.#drain(pending.movement.sku);
  }

  #finish(pending: Pending, result: MovementResult): void {
    const isRefused = result.kind !== "applied" && result.kind !== "duplicate" && result.kind !== "fault";
    const { commit } = this.#desk;
    if (pending.claim !== "claimed" || !isRefused) {
      commit.answer((committed: MovementResult) => this.#tell(pending, committed), result);
    } else commit.whenCommitted(() => this.#guarded(() => this.#free(pending, result, ASK_MS_FIRST, 1)));
  }

  /** Gives the id back; each try once more after a pause when it is not answered. */
  #free(pending: Pending, result: MovementResult, pauseMs: number, tries: number): void {
    const { state, clock, peers } = this.#desk;
    const registry = state.shardOfMovement(pending.movement.id);
    if (!this.#waiting.has(pending)) return;
    if (tries > FREE_TRIES_MAX || peers === undefined) return this.#tell(pending, result);
    const again = (): void => this.#free(pending, result, nextPause(pauseMs), tries + 1);
    pending.cancel = clock.after(pauseMs, () => this.#guarded(again));
    peers.freeMovement(registry.id, askOf(pending), (answer) => {
      if (answer.kind !== "followed" || this.#dead) return;
      pending.cancel?.();
      this.#tell(pending, result);
    });
  }

  #tell(pending: Pending, result: MovementResult): void {
    if (this.#waiting.delete(pending)) pending.done(result);
  }

  #guarded(work: () => void): void {
    if (!this.#dead) this.#desk.guarded(work);
  }
}

function askOf({ movement, attempt }: Pending): MovementClaimAsk {
  return { id: movement.id, sku: movement.sku, attempt };
}
