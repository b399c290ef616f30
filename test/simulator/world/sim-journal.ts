/**
 * The journal of one simulated process over a shared lane. Appends of one process arrive in the order they were sent,
 * as on one connection; what has been sent goes on its way even when the process dies.
 */

import { invariant, type LaneSeq } from "../../../src/base/index.ts";
import type { AppendOutcome, Journal, LaneBounds } from "../../../src/ports/index.ts";
import { copyOf } from "./bytes.ts";
import type { SimLane } from "./sim-lane.ts";
import type { SimProcess } from "./sim-process.ts";
import type { AppendFate, Weather } from "./weather.ts";

/** What a caller finds in bytes it kept beyond the call. */
const STALE_BYTE = 0xee;

interface Flight {
  readonly record: Uint8Array;
  readonly sent: Uint8Array;
  readonly expectedLast: LaneSeq;
  finish(outcome: AppendOutcome): void;
}

export class SimJournal implements Journal {
  readonly #lane: SimLane;
  readonly #process: SimProcess;
  readonly #weather: Weather;
  readonly #flights = new Set<Flight>();
  /** Virtual time before which no later append may arrive. */
  #arrivedMs = 0;
  #closed = false;

  constructor(lane: SimLane, process: SimProcess, weather: Weather) {
    this.#lane = lane;
    this.#process = process;
    this.#weather = weather;
  }

  bounds(): Promise<LaneBounds> {
    return this.#ask(() => ({ first: this.#lane.first, last: this.#lane.last }));
  }

  append(record: Uint8Array, expectedLast: LaneSeq, done: (outcome: AppendOutcome) => void): void {
    if (!this.#process.enter()) return;
    const flight = this.#takeOff(record, expectedLast, done);
    if (this.#closed) this.#after(0, () => flight.finish(unknown("the journal is closed")));
    else this.#fly(flight, this.#weather.appendFate());
  }

  read(seq: LaneSeq): Promise<Uint8Array | undefined> {
    return this.#ask(() => {
      const record = this.#lane.at(seq);
      return record === undefined ? undefined : copyOf(record);
    });
  }

  async replay(from: LaneSeq, to: LaneSeq, onRecord: (seq: LaneSeq, record: Uint8Array) => void): Promise<void> {
    const breaksAt = this.#weather.replayBreaksAt(from, to) ?? Number.POSITIVE_INFINITY;
    for (let next: number = from; next <= to; ) {
      const begin = next;
      const end = Math.min(to, begin + this.#weather.replayChunk() - 1);
      await this.#answer(breaksAt <= end, () => this.#deliver(begin, end, onRecord));
      next = end + 1;
    }
  }

  trim(keepFrom: LaneSeq): Promise<void> {
    return this.#ask(() => this.#lane.trimBefore(keepFrom));
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const flight of this.#flights) this.#after(0, () => flight.finish(unknown("the journal was closed")));
    return this.#process.later(0, () => undefined);
  }

  #ask<T>(answer: () => T): Promise<T> {
    return this.#answer(this.#weather.journalAskFails(), answer);
  }

  #deliver(begin: number, end: number, onRecord: (seq: LaneSeq, record: Uint8Array) => void): void {
    for (let seq = begin as LaneSeq; seq <= end; seq = (seq + 1) as LaneSeq) {
      const record = this.#lane.at(seq);
      if (record === undefined) throw new Error(`record ${seq} is not in the lane`);
      const lent = copyOf(record);
      onRecord(seq, lent);
      lent.fill(STALE_BYTE);
    }
  }

  #answer<T>(fails: boolean, answer: () => T): Promise<T> {
    if (!this.#process.enter()) return new Promise<never>(() => undefined);
    return this.#process.later(this.#weather.journalLatencyMs(), () => {
      if (fails || this.#closed) throw new Error("the journal cannot be asked now");
      return answer();
    });
  }

  #takeOff(record: Uint8Array, expectedLast: LaneSeq, done: (outcome: AppendOutcome) => void): Flight {
    const flight: Flight = {
      record,
      sent: copyOf(record),
      expectedLast,
      finish: (outcome) => {
        if (!this.#flights.delete(flight) || !this.#process.alive) return;
        invariant(Buffer.compare(flight.record, flight.sent) === 0, "the bytes of an append changed before its outcome");
        done(outcome);
      },
    };
    this.#flights.add(flight);
    return flight;
  }

  #fly(flight: Flight, fate: AppendFate): void {
    const timeoutMs = this.#weather.rates.appendTimeoutMs;
    const arrivesMs = this.#arrivalMs();
    if (fate === "stored" || fate === "duplicated") this.#after(arrivesMs, () => this.#arrive(flight));
    if (fate === "duplicated") this.#after(arrivesMs + this.#weather.journalLatencyMs(), () => this.#store(flight));
    if (fate === "answer-lost") this.#after(arrivesMs, () => this.#store(flight));
    if (fate === "late") this.#after(timeoutMs + arrivesMs + 1, () => this.#store(flight));
    this.#after(timeoutMs, () => flight.finish(unknown("no answer in time")));
  }

  /** Delay after which an append sent now arrives: not before one sent earlier. */
  #arrivalMs(): number {
    const now = this.#process.scheduler.elapsedMs;
    this.#arrivedMs = Math.max(this.#arrivedMs, now + this.#weather.journalLatencyMs());
    return this.#arrivedMs - now;
  }

  #arrive(flight: Flight): void {
    const outcome = this.#store(flight);
    this.#after(this.#weather.journalLatencyMs(), () => flight.finish(outcome));
  }

  #store(flight: Flight): AppendOutcome {
    const seq = this.#lane.store(flight.sent, flight.expectedLast);
    return seq === undefined ? { kind: "wrong-sequence" } : { kind: "committed", seq };
  }

  #after(delayMs: number, callback: () => void): void {
    this.#process.scheduler.schedule(delayMs, callback);
  }
}

function unknown(reason: string): AppendOutcome {
  return { kind: "unknown", reason };
}
