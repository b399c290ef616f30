/**
 * The journal of one simulated process over a shared lane. Appends of one process arrive in the order they were sent,
 * as on one connection; what has been sent goes on its way even when the process dies.
 */

import { invariant, type LaneSeq } from "../../../src/base/index.ts";
import type { AppendOutcome, Journal, LaneBounds } from "../../../src/ports/index.ts";
import { copyOf } from "./bytes.ts";
import type { SimConnection } from "./sim-connection.ts";
import type { SimLane } from "./sim-lane.ts";
import type { AppendFate } from "./weather.ts";

/** What a caller finds in bytes it kept beyond the call. */
const STALE_BYTE = 0xee;

interface Flight {
  readonly record: Uint8Array;
  readonly sent: Uint8Array;
  readonly expectedLast: LaneSeq;
  cancelTimeout: () => void;
  finish(outcome: AppendOutcome): void;
}

export class SimJournal implements Journal {
  readonly #lane: SimLane;
  readonly #connection: SimConnection;
  readonly #flights = new Set<Flight>();
  #closed = false;

  constructor(lane: SimLane, connection: SimConnection) {
    this.#lane = lane;
    this.#connection = connection;
  }

  bounds(): Promise<LaneBounds> {
    return this.#ask(() => ({ first: this.#lane.first, last: this.#lane.last }));
  }

  append(record: Uint8Array, expectedLast: LaneSeq, done: (outcome: AppendOutcome) => void): void {
    if (!this.#connection.process.enter()) return;
    const flight = this.#takeOff(record, expectedLast, done);
    if (this.#closed) this.#endSoon(flight, "the journal is closed");
    else this.#fly(flight, this.#connection.weather.appendFate());
  }

  read(seq: LaneSeq): Promise<Uint8Array | undefined> {
    return this.#ask(() => {
      const record = this.#lane.at(seq);
      return record === undefined ? undefined : copyOf(record);
    });
  }

  async replay(from: LaneSeq, to: LaneSeq, onRecord: (seq: LaneSeq, record: Uint8Array) => void): Promise<void> {
    const { weather } = this.#connection;
    const breaksAt = weather.replayBreaksAt(from, to) ?? Number.POSITIVE_INFINITY;
    for (let next: number = from; next <= to; ) {
      const begin = next;
      const end = Math.min(to, begin + weather.replayChunk() - 1);
      const records = await this.#answer(breaksAt <= end, () => this.#recordsFrom(begin, end));
      for (const [index, lent] of records.entries()) {
        onRecord((begin + index) as LaneSeq, lent);
        lent.fill(STALE_BYTE);
      }
      next = end + 1;
    }
  }

  trim(keepFrom: LaneSeq): Promise<void> {
    return this.#ask(() => this.#lane.trimBefore(keepFrom));
  }

  close(): Promise<void> {
    this.#closed = true;
    for (const flight of this.#flights) this.#endSoon(flight, "the journal was closed");
    return this.#connection.process.later(0, () => undefined);
  }

  #ask<T>(answer: () => T): Promise<T> {
    return this.#answer(this.#connection.weather.journalAskFails(), answer);
  }

  #answer<T>(fails: boolean, answer: () => T): Promise<T> {
    return this.#connection.ask(fails || this.#closed, answer);
  }

  #recordsFrom(begin: number, end: number): Uint8Array[] {
    const records: Uint8Array[] = [];
    for (let seq = begin; seq <= end; seq++) {
      const record = this.#lane.at(seq as LaneSeq);
      if (record === undefined) throw new Error(`record ${seq} is not in the lane`);
      records.push(copyOf(record));
    }
    return records;
  }

  #takeOff(record: Uint8Array, expectedLast: LaneSeq, done: (outcome: AppendOutcome) => void): Flight {
    const flight: Flight = {
      record,
      sent: copyOf(record),
      expectedLast,
      cancelTimeout: () => undefined,
      finish: (outcome) => {
        if (!this.#flights.delete(flight)) return;
        flight.cancelTimeout();
        invariant(Buffer.compare(flight.record, flight.sent) === 0, "the bytes of an append changed before its outcome");
        done(outcome);
      },
    };
    this.#flights.add(flight);
    return flight;
  }

  /** The wire keeps the order of what is sent: behind a late append everything is late. */
  #fly(flight: Flight, fate: AppendFate): void {
    const { process, weather } = this.#connection;
    const { appendTimeoutMs } = weather.rates;
    const lateMs = fate === "late" ? appendTimeoutMs + 1 : 0;
    const hears = fate === "stored" || fate === "duplicated";
    if (fate !== "lost") this.#connection.send(this.#lane.name, lateMs, () => this.#arrive(flight, hears));
    if (fate === "duplicated") this.#connection.send(this.#lane.name, 0, () => this.#arrive(flight, false));
    flight.cancelTimeout = process.scheduler.schedule(
      appendTimeoutMs,
      process.guardTimer(() => flight.finish(unknown("no answer in time"))),
    );
  }

  #arrive(flight: Flight, hears: boolean): void {
    const seq = this.#lane.store(flight.sent, flight.expectedLast);
    const outcome: AppendOutcome = seq === undefined ? { kind: "wrong-sequence" } : { kind: "committed", seq };
    if (hears) this.#connection.hear(() => flight.finish(outcome));
  }

  #endSoon(flight: Flight, reason: string): void {
    const { process } = this.#connection;
    process.scheduler.schedule(
      0,
      process.guard(() => flight.finish(unknown(reason))),
    );
  }
}

function unknown(reason: string): AppendOutcome {
  return { kind: "unknown", reason };
}
