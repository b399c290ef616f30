/**
 * Calls on their way to the owner of their shard: asked, waiting for the shard to arrive somewhere, or given to the member of this thread.
 *
 * Q1. Every call is answered exactly once, never before `start` returns.
 * Q2. A call is asked again only when nothing was done (`not-owner`, `not-ready`) or when asking twice is as good as once; then also after no answer
 *     and after `outcome-unknown`, which a member that lost its lane answers.
 * Q3. `not-ready` is answered only when nothing was done; where a peer that was asked may have done something it is `outcome-unknown`.
 * Q4. A refusal is believed only from the last time a call was asked: a later one may have been decided otherwise. What was done is done, whichever was heard.
 * Q5. At most `pendingMax` calls; one more is `too-many-requests`.
 *
 * Time-outs count ticks of a timer, not the wall clock, which may jump.
 */

import type { ShardId } from "../base/index.ts";
import type { Clock, Links, Random } from "../ports/index.ts";
import { type Answer, type Command, isRead, isRepeatable, shardOf } from "./command.ts";
import { type Desk, fault } from "./desk.ts";
import { encodeAsk } from "./wire.ts";

export interface RouterLimits {
  /** Calls under way that are not plain calls of the own member. */
  readonly pendingMax: number;
  /** How long a call waits for its shard to arrive, and is asked again, ms. */
  readonly deadlineMs: number;
  /** How long the answer to a command that must not be asked twice is waited for, ms. */
  readonly answerMs: number;
  /** After how long without an answer a repeatable one is asked again, ms. */
  readonly askAgainMs: number;
}

export const DEFAULT_ROUTER_LIMITS: RouterLimits = { pendingMax: 20_000, deadlineMs: 5_000, answerMs: 5_000, askAgainMs: 1_000 };

const DONE: ReadonlySet<Answer["kind"]> = new Set([
  "reserved",
  "reservation",
  "applied",
  "duplicate",
  "read",
  "followed",
  "claimed",
  "granted",
]);
const TICK_MS = 50;
const WAIT_MS_FIRST = 2;
const WAIT_MS_MAX = 100;

/** Told of what goes to other members. Must be cheap and must not throw. */
export interface RouterObserver {
  /** Seconds of a clock that never jumps. */
  seconds(): number;
  /** A peer was asked. */
  forwarded(lane: string): void;
  /** A peer answered what it was asked last. */
  answered(lane: string, seconds: number): void;
}

export interface CallPorts {
  readonly lane: string;
  readonly shards: number;
  /** Lane of the member that may serve the shard, as far as is known here. */
  readonly ownerOf: (shard: ShardId) => string | undefined;
  readonly desk: Desk;
  readonly links: Links;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer?: RouterObserver;
}

interface Call {
  /** One for each time it was asked, the last one last. */
  readonly ids: number[];
  readonly command: Command;
  readonly shard: ShardId;
  readonly repeatable: boolean;
  /** Tried once: what would be tried again is answered as it is. */
  readonly once: boolean;
  readonly done: (answer: Answer) => void;
  readonly deadline: number;
  /** Lane that was asked last and whose answer is awaited. */
  asked: string | undefined;
  askedUntil: number;
  /** Seconds of the observer's clock. */
  askedAt: number;
  tries: number;
  /** A peer was asked and may have done it. */
  uncertain: boolean;
  waitMs: number;
  cancelWait: (() => void) | undefined;
}

export class Calls {
  readonly #ports: CallPorts;
  readonly #limits: RouterLimits;
  readonly #calls = new Set<Call>();
  readonly #byId = new Map<number, Call>();
  readonly #waiting = new Set<Call>();
  #nextId: number;
  #tick = 0;
  #ticking = false;
  #retries = 0;

  constructor(ports: CallPorts, limits: RouterLimits) {
    this.#ports = ports;
    this.#limits = limits;
    // Answers to calls of an earlier start of this member mean nothing to this one.
    this.#nextId = ports.random.uint32();
  }

  get pending(): number {
    return this.#calls.size;
  }

  /** Times a call was tried again, since the start. */
  get retries(): number {
    return this.#retries;
  }

  start(command: Command, done: (answer: Answer) => void, once = false): void {
    if (this.#calls.size >= this.#limits.pendingMax) {
      const refusal = fault("too-many-requests", `${this.#calls.size} requests are on their way to other members; retry later`);
      return this.#ports.clock.soon(() => done(refusal));
    }
    const call: Call = {
      ids: [],
      command,
      shard: shardOf(command, this.#ports.shards),
      repeatable: isRepeatable(command),
      once,
      done,
      deadline: this.#tick + ticks(this.#limits.deadlineMs),
      asked: undefined,
      askedUntil: 0,
      askedAt: 0,
      tries: 0,
      uncertain: false,
      waitMs: WAIT_MS_FIRST,
      cancelWait: undefined,
    };
    this.#calls.add(call);
    this.#keepTicking();
    this.#attempt(call);
  }

  /** An answer from a peer. One to a call that is answered already, or of another start, is passed over. */
  onAnswer(from: string, id: number, answer: Answer): void {
    const call = this.#byId.get(id);
    if (call === undefined) return;
    const isLast = id === call.ids.at(-1) && call.asked !== undefined;
    if (!isLast && !isDone(answer)) return;
    // Nothing was done by whom? By a peer asked earlier: the one asked now is still to answer.
    if (isMoving(answer) && call.asked !== from) return;
    const { observer } = this.#ports;
    if (call.asked === from) observer?.answered(from, observer.seconds() - call.askedAt);
    this.#settle(call, answer);
  }

  /** The map of owners changed: who waits tries again, and repeatable calls go to the new owner. */
  ownersChanged(): void {
    for (const call of [...this.#waiting]) this.#attempt(call);
    for (const call of [...this.#calls]) {
      if (call.asked === undefined || !call.repeatable) continue;
      if (this.#ports.ownerOf(call.shard) !== call.asked) this.#onSilence(call);
    }
  }

  /** The peer will not answer any more. */
  peerGone(lane: string): void {
    for (const call of [...this.#calls]) if (call.asked === lane) this.#onSilence(call);
  }

  #attempt(call: Call): void {
    this.#endWait(call);
    const { desk, lane, links, ownerOf, observer } = this.#ports;
    call.asked = undefined;
    if (call.tries++ > 0) this.#retries++;
    if (desk.serves(call.command)) return desk.run(call.command, (answer) => this.#settle(call, answer));
    const owner = ownerOf(call.shard);
    if (owner === undefined || owner === lane) return this.#wait(call);
    call.asked = owner;
    call.askedUntil = this.#tick + ticks(call.repeatable ? this.#limits.askAgainMs : this.#limits.answerMs);
    if (call.repeatable) call.askedUntil = Math.min(call.askedUntil, Math.max(call.deadline, this.#tick + 1));
    if (observer !== undefined) {
      call.askedAt = observer.seconds();
      observer.forwarded(owner);
    }
    const id = this.#nextId++;
    call.ids.push(id);
    this.#byId.set(id, call);
    links.send(owner, encodeAsk(id, call.command));
  }

  #settle(call: Call, answer: Answer): void {
    if (!this.#calls.has(call)) return;
    const lost = call.repeatable && answer.kind === "fault" && answer.code === "outcome-unknown";
    if (lost) call.uncertain = true;
    if (lost || isMoving(answer)) this.#wait(call);
    else this.#finish(call, answer);
  }

  #wait(call: Call): void {
    call.asked = undefined;
    if (call.once || this.#tick >= call.deadline) return this.#giveUp(call);
    this.#endWait(call);
    this.#waiting.add(call);
    const { clock, random } = this.#ports;
    const delayMs = call.waitMs * (0.5 + random.uint32() / 2 ** 32);
    call.waitMs = Math.min(2 * call.waitMs, WAIT_MS_MAX);
    call.cancelWait = clock.after(delayMs, () => this.#attempt(call));
  }

  #endWait(call: Call): void {
    call.cancelWait?.();
    call.cancelWait = undefined;
    this.#waiting.delete(call);
  }

  #onSilence(call: Call): void {
    call.uncertain = true;
    if (call.once || !call.repeatable || this.#tick >= call.deadline) this.#giveUp(call);
    else this.#attempt(call);
  }

  #giveUp(call: Call): void {
    if (call.uncertain && !isRead(call.command)) {
      const detail = `member ${call.asked ?? "asked before"} did not answer; retry with the same key is safe`;
      return this.#finishSoon(call, fault("outcome-unknown", detail));
    }
    this.#finishSoon(
      call,
      fault("not-ready", `shard ${call.shard} is moving or its owner is away; nothing was done; retry shortly`),
    );
  }

  /** The call may still be starting. */
  #finishSoon(call: Call, answer: Answer): void {
    call.asked = undefined;
    this.#ports.clock.soon(() => this.#finish(call, answer));
  }

  #finish(call: Call, answer: Answer): void {
    this.#endWait(call);
    for (const id of call.ids) this.#byId.delete(id);
    if (this.#calls.delete(call)) call.done(answer);
  }

  #keepTicking(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    this.#ports.clock.after(TICK_MS, () => {
      this.#ticking = false;
      this.#tick++;
      for (const call of [...this.#calls]) {
        if (call.asked !== undefined && this.#tick >= call.askedUntil) this.#onSilence(call);
      }
      if (this.#calls.size > 0) this.#keepTicking();
    });
  }
}

/** Nothing was done since the shard is not there, or not yet. */
function isMoving(answer: Answer): boolean {
  return answer.kind === "fault" && (answer.code === "not-owner" || answer.code === "not-ready");
}

/** It was done, or found done, or has no effect: it does not matter which time of asking it answers. */
function isDone({ kind }: Answer): boolean {
  return DONE.has(kind);
}

/** One more than fits, since the first tick may be short. */
function ticks(ms: number): number {
  return Math.ceil(ms / TICK_MS) + 1;
}
