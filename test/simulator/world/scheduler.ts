/**
 * Virtual time and the queue of everything that is going to happen in a simulated world.
 *
 * T1. Events run one at a time, by time and then in the order they were scheduled: nothing else decides.
 * T2. Between two events every promise continuation that can run has run.
 * T3. Time passes only from event to event; the wall clock may jump, timers do not notice.
 */

import type { EpochMs } from "../../../src/base/index.ts";

/** Wall time at which every world begins: 2026-01-01T00:00:00Z. */
export const WORLD_BEGINS_MS = 1_767_225_600_000;

const BURST_STEPS = 1_000;

interface Event {
  readonly time: number;
  readonly order: number;
  run: (() => void) | undefined;
}

export class Scheduler {
  readonly #heap: Event[] = [];
  #scheduled = 0;
  #elapsedMs = 0;
  #wallOffsetMs = 0;

  /** Virtual milliseconds since the world began. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Wall time, which may jump. */
  get wallMs(): EpochMs {
    return (WORLD_BEGINS_MS + this.#elapsedMs + this.#wallOffsetMs) as EpochMs;
  }

  /** Time of the next event, or Infinity. */
  get nextMs(): number {
    return this.#heap[0]?.time ?? Number.POSITIVE_INFINITY;
  }

  /** Moves the wall clock, not the timers. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Runs `callback` once, `delayMs` rounded up to whole milliseconds from now; the result cancels it. */
  schedule(delayMs: number, callback: () => void): () => void {
    const event: Event = { time: this.#elapsedMs + Math.max(0, Math.ceil(delayMs)), order: this.#scheduled++, run: callback };
    pushEvent(this.#heap, event);
    return () => {
      event.run = undefined;
    };
  }

  /** Runs the next event without waiting for what it sets off; false when there is none. */
  runNext(): boolean {
    const event = popEvent(this.#heap);
    if (event === undefined) return false;
    this.#elapsedMs = event.time;
    event.run?.();
    return true;
  }

  /** Runs the next event and every continuation it sets off; false when there is none. */
  async step(): Promise<boolean> {
    const ran = this.runNext();
    await continuations();
    return ran;
  }

  /** Runs everything that is due within `durationMs`; time then stands at its end. */
  async runFor(durationMs: number): Promise<void> {
    const end = this.#elapsedMs + durationMs;
    await continuations();
    while (this.nextMs <= end) await this.#burst(end, () => false);
    this.#elapsedMs = end;
  }

  /** Runs until `settled` holds, failing with `what` after `limitMs` of virtual time. */
  async runUntil(settled: () => boolean, what: string, limitMs: number): Promise<void> {
    const end = this.#elapsedMs + limitMs;
    await continuations();
    while (!settled()) {
      if (this.nextMs > end) throw new Error(`waited ${limitMs} ms of virtual time in vain for: ${what}`);
      await this.#burst(end, settled);
    }
  }

  /** Many steps in one turn of the event loop, which costs more than most events do. Ends early when something is due after `end`, or when `settled`. */
  #burst(end: number, settled: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        try {
          for (let step = 0; step < BURST_STEPS && this.nextMs <= end && !settled(); step++) {
            this.runNext();
            runContinuations();
          }
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** The value of a promise, running the world meanwhile. */
  async settle<T>(promise: Promise<T>, what: string, limitMs: number): Promise<T> {
    let done = false;
    const finish = (): void => {
      done = true;
    };
    promise.then(finish, finish);
    await this.runUntil(() => done, what, limitMs);
    return promise;
  }
}

/**
 * Runs every promise continuation that can run before it returns, as the event loop does between two callbacks. Node has no documented name for it; it works outside
 * of continuations only.
 */
const runContinuations = (process as unknown as { _tickCallback(): void })._tickCallback;

/** Resolves when no continuation is left to run: the event loop turns only after all of them. */
export function continuations(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isBefore(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}

function pushEvent(heap: Event[], event: Event): void {
  let index = heap.length;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!isBefore(event, heap[parent] as Event)) break;
    heap[index] = heap[parent] as Event;
    index = parent;
  }
  heap[index] = event;
}

function popEvent(heap: Event[]): Event | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (last !== undefined && heap.length > 0) sinkEvent(heap, last);
  return first;
}

function sinkEvent(heap: Event[], event: Event): void {
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child++;
    if (!isBefore(heap[child] as Event, event)) break;
    heap[index] = heap[child] as Event;
    index = child;
  }
  heap[index] = event;
}
