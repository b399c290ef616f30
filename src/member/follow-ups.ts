/**
 * Tells the shards of other members what their reservations came to, until all have followed; then commits `settled`.
 *
 * F1. A shard is told only what is committed.
 * F2. Every unsettled reservation of an owned shard has a task: from the turn that made it so, or from `resume` when the shard begins to
 *     be served. Tasks are as many as unsettled reservations; each has one message a shard in the air at a time, more or less.
 * F3. A task ends when every other shard has followed, or when this member has lost the home shard: its new owner resumes it.
 */

import type { ReservationId } from "../base/index.ts";
import { reservationOfKey, shardRange } from "../codec/index.ts";
import type { SnapshotStore } from "../ports/index.ts";
import { decideSettlement, type Reservation } from "../reservation/index.ts";
import type { Shard } from "../shard/index.ts";
import { ASK_MS_FIRST, type Desk, nextPause } from "./desk.ts";
import type { Openings } from "./openings.ts";
import { followAskOf, followHere, linesElsewhere } from "./participation.ts";
import { applyChange } from "./transit.ts";

interface Task {
  readonly id: ReservationId;
  /** What was decided last, committed or not. */
  latest: Reservation;
  /** What the shards are told: committed. */
  told: Reservation | undefined;
  readonly followed: Set<Shard>;
  pauseMs: number;
  cancelAgain: (() => void) | undefined;
  readonly callers: Set<() => void>;
}

export class FollowUps {
  readonly #desk: Desk;
  readonly #store: SnapshotStore;
  readonly #openings: Openings;
  readonly #tasks = new Map<ReservationId, Task>();
  #callers = 0;
  #dead = false;

  constructor(desk: Desk, store: SnapshotStore, openings: Openings) {
    this.#desk = desk;
    this.#store = store;
    this.#openings = openings;
  }

  /** Callers that wait. O(1). */
  get waiting(): number {
    return this.#callers;
  }

  /** Reservations that other shards have yet to follow. */
  get size(): number {
    return this.#tasks.size;
  }

  /** In the turn that left the reservation unsettled. */
  add(reservation: Reservation): void {
    const known = this.#tasks.get(reservation.id);
    const task = known ?? this.#newTask(reservation);
    task.latest = reservation;
    this.#desk.commit.whenCommitted(() => this.#guarded(task, () => this.#tell(task, reservation)));
  }

  /**
   * Takes up what the shard left undone: unsettled reservations, from the outbox and from replay, are followed up, those still being
   * opened are refused. Call when the shard begins to be served, with everything of it that is in memory committed. O(reservations of
   * the shard in memory + its rows in the outbox).
   */
  resume(shard: Shard): void {
    const ids = new Set<ReservationId>();
    for (const { key } of this.#store.scan("outbox", shardRange(shard.id))) ids.add(reservationOfKey(key));
    for (const { value } of shard.reservations.values()) if (value.unsettled) ids.add(value.id);
    for (const id of ids) {
      const value = shard.reservation(id)?.value;
      if (value === undefined || !value.unsettled) continue;
      if (value.stage === "opening") this.#openings.abandon(id);
      else this.add(value);
    }
  }

  /** Calls back when every other shard has followed, or after a while: it is decided anyway. */
  whenFollowed(id: ReservationId, done: () => void): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return done();
    const { clock, bounds } = this.#desk;
    this.#callers++;
    const answer = (): void => {
      if (!task.callers.delete(answer)) return;
      cancel();
      this.#callers--;
      done();
    };
    const cancel = clock.after(bounds.followMsMax, answer);
    task.callers.add(answer);
  }

  /** The tenure is over: nothing more is sent. Callers are answered, since what they wait for is decided and committed. */
  stop(): void {
    this.#dead = true;
    for (const task of [...this.#tasks.values()]) this.#end(task);
  }

  #newTask(latest: Reservation): Task {
    const task: Task = {
      id: latest.id,
      latest,
      told: undefined,
      followed: new Set(),
      pauseMs: ASK_MS_FIRST,
      cancelAgain: undefined,
      callers: new Set(),
    };
    this.#tasks.set(task.id, task);
    return task;
  }

  /** The reservation is committed as it is: from here on shards are told this. */
  #tell(task: Task, reservation: Reservation): void {
    task.told = reservation;
    task.followed.clear();
    task.pauseMs = ASK_MS_FIRST;
    task.cancelAgain?.();
    this.#ask(task, reservation);
  }

  #ask(task: Task, told: Reservation): void {
    const { clock, state, peers } = this.#desk;
    const home = this.#home(task);
    if (home === undefined) return this.#end(task);
    task.cancelAgain = clock.after(task.pauseMs, () => this.#guarded(task, () => this.#ask(task, told)));
    task.pauseMs = nextPause(task.pauseMs);
    for (const [shard, lines] of linesElsewhere(state, home, told.lines) ?? []) {
      if (task.followed.has(shard) || task.told !== told) continue;
      const ask = followAskOf(told, lines);
      const followed = (): void => this.#guarded(task, () => this.#onFollowed(task, told, shard));
      if (state.owns(shard.id)) {
        followHere(this.#desk.turn(), shard, ask);
        this.#desk.commit.touch();
        followed();
      } else peers?.follow(shard.id, ask, (answer) => (answer.kind === "followed" ? followed() : undefined));
    }
  }

  #onFollowed(task: Task, told: Reservation, shard: Shard): void {
    const home = this.#home(task);
    if (home === undefined) return this.#end(task);
    if (task.told !== told) return;
    task.followed.add(shard);
    const elsewhere = linesElsewhere(this.#desk.state, home, told.lines) ?? new Map<Shard, unknown>();
    for (const other of elsewhere.keys()) if (!task.followed.has(other)) return;
    if (task.latest === told) this.#settle(task, home);
  }

  #settle(task: Task, home: Shard): void {
    const turn = this.#desk.turn();
    // Ending holds that are due may just have changed it again.
    if (task.latest !== task.told) return;
    this.#end(task);
    const cell = home.reservation(task.id);
    if (cell === undefined || !cell.value.unsettled) return;
    applyChange(turn, home, cell, decideSettlement(cell.value, turn.now));
    this.#desk.commit.touch();
  }

  /** Undefined when the home shard went to another member. */
  #home(task: Task): Shard | undefined {
    const { state } = this.#desk;
    const home = state.shardOfReservation(task.id);
    return home !== undefined && state.owns(home.id) ? home : undefined;
  }

  #end(task: Task): void {
    this.#tasks.delete(task.id);
    task.cancelAgain?.();
    for (const answer of [...task.callers]) answer();
  }

  #guarded(task: Task, work: () => void): void {
    if (!this.#dead && this.#tasks.get(task.id) === task) this.#desk.guarded(work);
  }
}
