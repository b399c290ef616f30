/**
 * Opens reservations whose lines lie in shards of several members. The home shard has committed `opened`; the other shards are asked
 * to hold, again and again until each has answered or the time is over; then the home shard commits `granted` or `refused`.
 *
 * N1. Nobody is asked before `opened` is committed, and no caller is answered before `granted` or `refused` is.
 * N2. An opening ends in one of the two: here, or, after a crash or a move of the home shard, by whoever finds it: always refused.
 * N3. Whatever other shards hold of a refused one is given back by follow-ups.ts.
 * N4. Every caller is answered once: also when the journal is silent, and when this member stops.
 */

import type { Fault, ReservationId } from "../base/index.ts";
import { decideGrant, decideRefusal, type Reservation } from "../reservation/index.ts";
import type { ReservationCell, Shard } from "../shard/index.ts";
import { ASK_MS_FIRST, type Desk, nextPause } from "./desk.ts";
import type { ReserveResult, Shortage } from "./grid.ts";
import { NOT_OWNER } from "./not-owner.ts";
import { holdHere, type RemoteHold } from "./participation.ts";
import type { HoldAnswer } from "./peers.ts";
import { applyChange } from "./transit.ts";
import type { Turn } from "./turn.ts";

type Done = (result: ReserveResult) => void;

interface Ask extends RemoteHold {
  quantities: readonly number[] | undefined;
}

interface Task {
  readonly id: ReservationId;
  readonly asks: readonly Ask[];
  /** The first made it, the others repeated its key. */
  readonly callers: { readonly done: Done; readonly repeated: boolean }[];
  readonly cancels: (() => void)[];
  cancelAgain: (() => void) | undefined;
  pauseMs: number;
}

const UNKNOWN: Fault = {
  kind: "fault",
  code: "outcome-unknown",
  retryAfterMs: 1_000,
  detail: "the journal did not answer in time; retry with the same key",
};

const NOT_HELD: Fault = {
  kind: "fault",
  code: "not-ready",
  retryAfterMs: 1_000,
  detail: "another shard of the reservation did not answer in time; nothing is held; retry shortly",
};

export class Openings {
  readonly #desk: Desk;
  readonly #tasks = new Map<ReservationId, Task>();
  #callers = 0;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Callers that wait. O(1). */
  get waiting(): number {
    return this.#callers;
  }

  get size(): number {
    return this.#tasks.size;
  }

  /** In the turn that opened it. `done` is told the outcome once that is committed. */
  open(id: ReservationId, holds: readonly RemoteHold[], done: Done): void {
    const { clock, bounds, commit } = this.#desk;
    const asks = holds.map((hold) => ({ ...hold, quantities: undefined }));
    const task: Task = { id, asks, callers: [], cancels: [], cancelAgain: undefined, pauseMs: ASK_MS_FIRST };
    this.#tasks.set(id, task);
    this.#add(task, done, false);
    commit.whenCommitted(() => this.#guarded(task, () => this.#begin(task)));
    const giveUp = (): void => this.#answerAll(task, UNKNOWN);
    task.cancels.push(clock.after(bounds.holdMsMax + bounds.answerMsMax, giveUp));
  }

  /** A repeat of the key of one that is being opened waits for the same outcome. */
  join(id: ReservationId, done: Done): void {
    const task = this.#tasks.get(id);
    if (task === undefined) this.#desk.commit.answer(done, NOT_HELD);
    else this.#add(task, done, true);
  }

  /** Refuses one that nobody drives any more: what a crash or a move of its shard left behind. */
  abandon(id: ReservationId): void {
    if (this.#tasks.has(id)) return;
    const turn = this.#desk.turn();
    const found = this.#find(turn, id);
    if (found === undefined || found.cell.value.stage !== "opening") return;
    applyChange(turn, found.home, found.cell, decideRefusal(found.cell.value, turn.now));
    this.#desk.commit.touch();
  }

  stop(fault: Fault): void {
    for (const task of [...this.#tasks.values()]) {
      this.#end(task);
      this.#answerAll(task, fault);
    }
  }

  #begin(task: Task): void {
    const { clock, bounds, state } = this.#desk;
    const expiresAt = state.shardOfReservation(task.id)?.reservation(task.id)?.value.expiresAt ?? 0;
    const waitMs = Math.min(bounds.holdMsMax, Math.max(0, expiresAt - clock.now()));
    task.cancels.push(clock.after(waitMs, () => this.#guarded(task, () => this.#refuse(task, NOT_HELD))));
    this.#ask(task);
  }

  /** Asks every shard that has not answered; once more after a pause. */
  #ask(task: Task): void {
    const { clock, state, peers } = this.#desk;
    task.cancelAgain = clock.after(task.pauseMs, () => this.#guarded(task, () => this.#ask(task)));
    task.pauseMs = nextPause(task.pauseMs);
    for (const ask of task.asks) {
      if (ask.quantities !== undefined || !this.#isOpen(task)) continue;
      if (state.owns(ask.shard)) this.#askHere(task, ask);
      else peers?.hold(ask.shard, ask.ask, (answer) => this.#guarded(task, () => this.#hear(task, ask, answer)));
    }
  }

  /** The shard came to this member meanwhile. */
  #askHere(task: Task, ask: Ask): void {
    const turn = this.#desk.turn();
    const answer = holdHere(turn, turn.state.shards[ask.shard] as Shard, ask.ask);
    this.#desk.commit.touch();
    this.#hear(task, ask, answer);
  }

  #hear(task: Task, ask: Ask, answer: HoldAnswer | Fault): void {
    if (answer.kind === "fault" || ask.quantities !== undefined) return;
    if (answer.kind === "overtaken") return this.#refuse(task, NOT_HELD);
    if (answer.kind === "refused") return this.#refuse(task, { kind: "insufficient-stock", shortages: answer.shortages });
    ask.quantities = answer.quantities;
    if (task.asks.every((each) => each.quantities !== undefined)) this.#grant(task);
  }

  #grant(task: Task): void {
    this.#decide(task, (turn, home, cell) => {
      const grants = new Map<number, number>();
      for (const { lines, quantities } of task.asks) {
        for (const [index, line] of lines.entries()) grants.set(line, quantities?.[index] ?? 0);
      }
      const event = decideGrant(cell.value, grants, turn.now);
      if (event !== undefined) {
        applyChange(turn, home, cell, event);
        return undefined;
      }
      applyChange(turn, home, cell, decideRefusal(cell.value, turn.now));
      return { kind: "insufficient-stock", shortages: shortagesOf(cell.value, grants) };
    });
  }

  #refuse(task: Task, answer: ReserveResult): void {
    this.#decide(task, (turn, home, cell) => {
      applyChange(turn, home, cell, decideRefusal(cell.value, turn.now));
      return answer;
    });
  }

  /** Ends the opening in a turn; callers get the refusal that `decide` gives, or the reservation, after the commit. */
  #decide(task: Task, decide: (turn: Turn, home: Shard, cell: ReservationCell) => ReserveResult | undefined): void {
    const { commit } = this.#desk;
    const turn = this.#desk.turn();
    this.#end(task);
    const found = this.#find(turn, task.id);
    if (found === undefined) return this.#answerAll(task, NOT_OWNER);
    const { home, cell } = found;
    const isOpening = cell.value.stage === "opening";
    const refusal = isOpening ? decide(turn, home, cell) : NOT_HELD;
    for (const { done, repeated } of task.callers.splice(0)) {
      this.#callers--;
      commit.answer(done, refusal ?? { kind: "reserved", reservation: cell.value, repeated });
    }
    commit.touch();
  }

  /** Undefined when the home shard went to another member, which refuses it. */
  #find(turn: Turn, id: ReservationId): { home: Shard; cell: ReservationCell } | undefined {
    const home = turn.state.shardOfReservation(id);
    if (home === undefined || !turn.state.owns(home.id)) return undefined;
    const cell = home.reservation(id);
    return cell === undefined ? undefined : { home, cell };
  }

  #add(task: Task, done: Done, repeated: boolean): void {
    task.callers.push({ done, repeated });
    this.#callers++;
  }

  #answerAll(task: Task, result: ReserveResult): void {
    const callers = task.callers.splice(0);
    this.#callers -= callers.length;
    for (const { done } of callers) done(result);
  }

  #end(task: Task): void {
    this.#tasks.delete(task.id);
    task.cancelAgain?.();
    for (const cancel of task.cancels) cancel();
  }

  #isOpen(task: Task): boolean {
    return this.#tasks.get(task.id) === task;
  }

  #guarded(task: Task, work: () => void): void {
    if (this.#isOpen(task)) this.#desk.guarded(work);
  }
}

function shortagesOf({ lines }: Reservation, grants: ReadonlyMap<number, number>): Shortage[] {
  return lines.flatMap(({ sku, location, requested, quantity }, index) => {
    const available = quantity + (grants.get(index) ?? 0);
    return available < requested ? [{ sku, location, requested, available }] : [];
  });
}
