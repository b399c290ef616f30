/** A process that can die, stop and be cut off, and a key-value bucket as it sees it over a bad network. */

import type { EpochMs } from "../../src/base/index.ts";
import type { Clock, KeyValue, KeyValueEntry } from "../../src/ports/index.ts";
import type { Scheduler, SimRandom } from "../simulator/world/index.ts";

/** How the network of all processes is just now. */
export interface Weather {
  delayMsMax: number;
  /** Requests that never arrive. */
  lost: number;
  /** Requests that are done, but whose answer is lost. */
  unanswered: number;
  /** Requests that are done after the caller gave up. */
  late: number;
}

export class Proc implements Clock {
  readonly scheduler: Scheduler;
  isCut = false;
  #isAlive = true;
  #isPaused = false;
  #waiting: (() => void)[] = [];
  readonly #jumpMs: number;

  constructor(scheduler: Scheduler, jumpMs = 0) {
    this.scheduler = scheduler;
    this.#jumpMs = jumpMs;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  now(): EpochMs {
    return (this.scheduler.wallMs + this.#jumpMs) as EpochMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.scheduler.schedule(delayMs, () => this.run(callback));
  }

  soon(callback: () => void): void {
    this.after(0, callback);
  }

  /** Now, when it goes on, or never. */
  run(callback: () => void): void {
    if (!this.#isAlive) return;
    if (this.#isPaused) this.#waiting.push(callback);
    else callback();
  }

  later(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  kill(): void {
    this.#isAlive = false;
    this.#waiting = [];
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const callback of waiting) this.after(0, callback);
  }
}

type Watcher = (key: string, entry: KeyValueEntry | undefined) => void;

/** The bucket itself, always right. */
export class Bucket {
  readonly entries = new Map<string, KeyValueEntry>();
  readonly watchers = new Set<Watcher>();
  /** Told of each value before it is stored. */
  check: (key: string, value: Uint8Array) => void = () => undefined;
  #revision = 0;

  put(key: string, value: Uint8Array, expected: number | undefined): number | undefined {
    if (expected !== undefined && (this.entries.get(key)?.revision ?? 0) !== expected) return undefined;
    this.check(key, value);
    const entry = { key, value, revision: ++this.#revision };
    this.entries.set(key, entry);
    for (const watcher of this.watchers) watcher(key, entry);
    return entry.revision;
  }

  delete(key: string): void {
    this.#revision++;
    this.entries.delete(key);
    for (const watcher of this.watchers) watcher(key, undefined);
  }
}

const TIMEOUT_MS = 1_000;

export class SimKeyValue implements KeyValue {
  readonly #bucket: Bucket;
  readonly #proc: Proc;
  readonly #random: SimRandom;
  readonly #weather: Weather;

  constructor(bucket: Bucket, proc: Proc, random: SimRandom, weather: Weather) {
    this.#bucket = bucket;
    this.#proc = proc;
    this.#random = random;
    this.#weather = weather;
  }

  get(key: string): Promise<KeyValueEntry | undefined> {
    return this.#ask(() => this.#bucket.entries.get(key));
  }

  put(key: string, value: Uint8Array, expected: number): Promise<number | undefined> {
    return this.#ask(() => this.#bucket.put(key, value, expected));
  }

  overwrite(key: string, value: Uint8Array): Promise<number> {
    return this.#ask(() => this.#bucket.put(key, value, undefined) as number);
  }

  delete(key: string): Promise<void> {
    return this.#ask(() => this.#bucket.delete(key));
  }

  /** In order of the bucket; nothing comes through while cut off, and all of it later. */
  watch(onChange: Watcher, onSettled: () => void): () => void {
    const queue: (() => void)[] = [];
    let isOver = false;
    const pump = (): void => {
      if (isOver || !this.#proc.isAlive) return;
      if (!this.#proc.isCut) for (const one of queue.splice(0)) this.#proc.run(() => !isOver && one());
      this.#proc.scheduler.schedule(1 + this.#random.below(this.#weather.delayMsMax + 1), pump);
    };
    const watcher: Watcher = (key, entry) => queue.push(() => onChange(key, entry));
    for (const [key, entry] of this.#bucket.entries) watcher(key, entry);
    queue.push(onSettled);
    this.#bucket.watchers.add(watcher);
    pump();
    return () => {
      isOver = true;
      this.#bucket.watchers.delete(watcher);
    };
  }

  #ask<T>(produce: () => T): Promise<T> {
    const { delayMsMax, lost, unanswered, late } = this.#weather;
    const chance = this.#random.uint32() / 2 ** 32;
    const fail = (reject: (error: Error) => void): void =>
      void this.#proc.after(TIMEOUT_MS, () => reject(new Error("timed out")));
    return new Promise((resolve, reject) => {
      if (!this.#proc.isAlive) return;
      if (this.#proc.isCut || chance < lost) return fail(reject);
      const isLate = chance < lost + late;
      const arrival = (isLate ? TIMEOUT_MS : 0) + this.#random.below((isLate ? 2 : 1) * (delayMsMax + 1));
      this.#proc.scheduler.schedule(arrival, () => {
        const answer = produce();
        if (isLate) return;
        if (chance < lost + late + unanswered || this.#proc.isCut) fail(reject);
        else this.#proc.after(this.#random.below(delayMsMax + 1), () => resolve(answer));
      });
      if (isLate) fail(reject);
    });
  }
}
