/**
 * The two ways to load a server.
 *
 * L1. Closed loop: `window` requests are always under way; the next starts when one ends. Shows throughput.
 * L2. Open loop: requests are due on a schedule whatever the server does, and latency counts from the time a request was
 *     due, sent late or not. A server that stalls is charged for everything that waited (no coordinated omission).
 * L3. Memory is constant: what is due and cannot be sent is a number, not a queue.
 */

import { dueMs, type Schedule } from "./schedule.ts";
import { type RunResult, type SecondSample, Tally } from "./tally.ts";
import type { Outcome, Target } from "./target.ts";

export type Pace =
  | { readonly kind: "closed"; readonly window: number }
  | {
      readonly kind: "open";
      readonly schedule: Schedule;
      /** A request that could not be sent for so long is given up and counted as unsent. */
      readonly patienceMs: number;
    };

export interface LoadOptions {
  readonly target: Target;
  readonly pace: Pace;
  /** Seconds of load, ramp included. */
  readonly seconds: number;
  /** Ends the run early, with a result. */
  readonly signal?: AbortSignal | undefined;
  readonly onSecond?: ((sample: SecondSample) => void) | undefined;
}

/** How long answers are waited for after the last request. */
const DRAIN_MS = 5000;
const TICK_MS = 1;
const MS_PER_SECOND = 1000;

/** Resolves with what happened; the target stays open. */
export function runLoad(options: LoadOptions): Promise<RunResult> {
  return new Promise((resolve) => {
    new LoadRun(options, resolve).begin();
  });
}

class LoadRun {
  readonly #options: LoadOptions;
  readonly #target: Target;
  readonly #resolve: (result: RunResult) => void;
  readonly #tally = new Tally();
  readonly #startedAt = performance.now();
  readonly #lengthMs: number;
  readonly #endsAt: number;
  #ticker: NodeJS.Timeout | undefined;
  #sampler: NodeJS.Timeout | undefined;
  #index = 0;
  #underWay = 0;
  /** When sending ended; undefined while sending. */
  #sentAt: number | undefined;
  #over = false;

  constructor(options: LoadOptions, resolve: (result: RunResult) => void) {
    this.#options = options;
    this.#target = options.target;
    this.#resolve = resolve;
    this.#lengthMs = options.seconds * MS_PER_SECOND;
    this.#endsAt = this.#startedAt + this.#lengthMs;
  }

  begin(): void {
    this.#target.onReady(() => this.#pump());
    this.#ticker = setInterval(() => this.#pump(), TICK_MS);
    let second = 0;
    this.#sampler = setInterval(() => {
      if (this.#sentAt === undefined) this.#options.onSecond?.(this.#tally.sample(++second));
    }, MS_PER_SECOND);
    this.#pump();
  }

  #pump(): void {
    if (this.#over) return;
    const now = performance.now();
    if (this.#sentAt === undefined && (now >= this.#endsAt || this.#options.signal?.aborted === true)) this.#stopSending(now);
    if (this.#sentAt !== undefined) this.#finishWhenDrained(now, this.#sentAt);
    else if (this.#options.pace.kind === "closed") this.#fillWindow(this.#options.pace.window);
    else this.#sendDue(this.#options.pace.schedule, this.#options.pace.patienceMs);
  }

  #fillWindow(window: number): void {
    while (this.#underWay < window && this.#target.ready()) this.#start(performance.now());
  }

  #sendDue(schedule: Schedule, patienceMs: number): void {
    for (;;) {
      const dueAfter = dueMs(schedule, this.#index);
      const due = this.#startedAt + dueAfter;
      const now = performance.now();
      if (due > now || dueAfter >= this.#lengthMs) return;
      if (this.#target.ready()) {
        this.#tally.started(now - due);
        this.#start(due);
      } else if (now - due > patienceMs) this.#giveUp();
      else return;
    }
  }

  #giveUp(): void {
    this.#index++;
    this.#tally.offered++;
    this.#tally.unsent++;
  }

  #start(since: number): void {
    this.#underWay++;
    this.#tally.offered++;
    this.#target.start(this.#index++, (outcome) => this.#ended(outcome, since));
  }

  #ended(outcome: Outcome, since: number): void {
    if (this.#over) return;
    this.#underWay--;
    this.#tally.ended(outcome, performance.now() - since);
    this.#pump();
  }

  #stopSending(now: number): void {
    const { pace } = this.#options;
    // What came due while this process was kept from running can still be sent.
    if (pace.kind === "open") this.#sendDue(pace.schedule, pace.patienceMs);
    this.#sentAt = now;
    this.#tally.sendingEnded();
    if (pace.kind === "open") this.#countOverdue(pace.schedule, now);
  }

  /** What was due and still not sent when sending ended is part of the offer. */
  #countOverdue(schedule: Schedule, now: number): void {
    const until = Math.min(now - this.#startedAt, this.#lengthMs);
    while (dueMs(schedule, this.#index) < until) this.#giveUp();
  }

  #finishWhenDrained(now: number, sentAt: number): void {
    if (this.#underWay > 0 && now - sentAt < DRAIN_MS) return;
    this.#over = true;
    clearInterval(this.#ticker);
    clearInterval(this.#sampler);
    const seconds = (Math.min(sentAt, this.#endsAt) - this.#startedAt) / MS_PER_SECOND;
    this.#resolve(this.#tally.result(seconds, this.#underWay));
  }
}
