/**
 * The way of an event into the grid, whatever edge it came in by: envelope, interpreter, movements, signals, and the dead letters for what fails.
 *
 * N1. `done` is called once, after everything that the event became is committed: each movement, each signal, its dead letter.
 * N2. Movements reach the grid in the order in which events are taken; only an event that names several locations of which one is unknown here waits, and
 *     with it none behind it.
 * N3. What can never be applied becomes a dead letter and is answered as rejected; a fault of the world is answered as such, and the event is to be given again.
 * N4. An event that is given again changes nothing twice: ids of movements come from it.
 */

import type { Fault, LocationId } from "../base/index.ts";
import type { Grid, MovementResult } from "../member/index.ts";
import type { Clock, DeadLetters, KeptSignal, Log, Signals } from "../ports/index.ts";
import type { Location } from "../shard/index.ts";
import {
  type Codes,
  type Interpretation,
  interpret,
  isSource,
  type MovementParser,
  movementOf,
  SOURCES,
  type SourceEvent,
} from "../sources/index.ts";
import type { Movement } from "../stock/index.ts";
import { readEnvelope } from "./envelope.ts";

/** One event as an edge has it. */
export interface Arrival {
  readonly source: string;
  /** Where it was sent for. */
  readonly location?: LocationId | undefined;
  /** Parsed JSON; undefined when it could not be parsed. */
  readonly value: unknown;
  /** As it came; asked for only when it goes to the dead letters. */
  bytes(): Uint8Array;
  /** A subject, or `http`. */
  readonly subject: string;
  /** Of this delivery, the same when it comes again. */
  readonly key: string;
  /** True: a dead letter that is tried again. What fails stays the letter that it is. */
  readonly isReplay?: boolean | undefined;
}

export type Outcome =
  /** `pending`: one of them waits for the movement that it reverses, and is durable. `movements` of the event that the grid knows now; `version` of the record after the last. */
  | {
      readonly kind: "applied" | "duplicate" | "pending";
      readonly event: EventName;
      readonly movements: number;
      readonly version: number;
    }
  /** Understood, and nothing to move. */
  | { readonly kind: "accepted"; readonly event: EventName; readonly why: string }
  | {
      readonly kind: "rejected";
      readonly event: EventName | undefined;
      readonly path: string;
      readonly reason: string;
      readonly deadLetter?: number;
    }
  | { readonly kind: "retry"; readonly event: EventName | undefined; readonly fault: Fault }
  | { readonly kind: "failed"; readonly event: EventName | undefined; readonly error: unknown };

export interface EventName {
  readonly id: string;
  readonly source: string;
}

export interface IntakeOptions {
  readonly grid: Pick<Grid, "move" | "location">;
  codesOf(source: string): Codes;
  /** A location that is known here. */
  locationOf(id: LocationId): Location | undefined;
  readonly parseMovement: MovementParser;
  readonly deadLetters: DeadLetters;
  readonly signals: Signals;
  readonly clock: Clock;
  readonly log: Log;
}

const RETRY_MS = 1_000;

type Understood = Extract<Interpretation, { kind: "understood" }>;
type Done = (outcome: Outcome) => void;

export class Intake {
  readonly #options: IntakeOptions;
  readonly #codes = new Map<string, Codes>();

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Never throws. `done` may be called before this returns. */
  take(arrival: Arrival, finish: Done): void {
    const done = once(finish);
    let event: SourceEvent | undefined;
    try {
      const { source, value } = arrival;
      if (!isSource(source)) return this.#bury(arrival, undefined, "", `the source must be one of ${SOURCES.join(", ")}`, done);
      const envelope = readEnvelope(value);
      if (!envelope.ok) return this.#bury(arrival, undefined, envelope.path, envelope.reason, done);
      event = envelope.event;
      const { parseMovement, locationOf } = this.#options;
      const zoneOf = (id: LocationId): string | undefined => locationOf(id)?.timeZone;
      const context = { source, location: arrival.location, codes: this.#codesOf(source), zoneOf, parseMovement };
      const found = interpret(event, context);
      if (found.kind === "problem") return this.#bury(arrival, event, found.path, found.reason, done);
      this.#apply(arrival, event, found, done);
    } catch (error) {
      done({ kind: "failed", event, error });
    }
  }

  #codesOf(source: string): Codes {
    let codes = this.#codes.get(source);
    if (codes === undefined) {
      codes = this.#options.codesOf(source);
      this.#codes.set(source, codes);
    }
    return codes;
  }

  #apply(arrival: Arrival, event: SourceEvent, found: Understood, done: Done): void {
    const movements = found.movements.map(movementOf);
    const run = (): void => this.#run(arrival, event, found, movements, done);
    const unknown = this.#unknownOfSeveral(movements);
    if (unknown.length === 0) return run();
    this.#lookFor(unknown, (missing) => {
      if (missing === undefined) run();
      else if (missing.kind === "fault") done({ kind: "retry", event, fault: missing });
      else this.#bury(arrival, event, "", `location ${missing.location} is not known; none of the event was applied`, done);
    });
  }

  /** Half of a transfer must not be applied when the other half cannot be. */
  #unknownOfSeveral(movements: readonly Movement[]): LocationId[] {
    const first = movements[0]?.location;
    if (movements.every(({ location }) => location === first)) return [];
    return [...new Set(movements.map(({ location }) => location))].filter((id) => this.#options.locationOf(id) === undefined);
  }

  #lookFor(
    ids: readonly LocationId[],
    done: (missing: { readonly kind: "missing"; readonly location: LocationId } | Fault | undefined) => void,
  ): void {
    const [location, ...rest] = ids;
    if (location === undefined) return done(undefined);
    this.#options.grid.location(location, (read) => {
      if (read.kind === "fault") done(read);
      else if (read.value === undefined) done({ kind: "missing", location });
      else this.#lookFor(rest, done);
    });
  }

  #run(arrival: Arrival, event: SourceEvent, found: Understood, movements: readonly Movement[], done: Done): void {
    const results: MovementResult[] = [];
    const signals = keptSignals(arrival.source, event, found);
    let left = movements.length + (signals.length > 0 ? 1 : 0);
    let signalFault: Fault | undefined;
    const settle = (): void => {
      if (--left > 0) return;
      const outcome =
        signalFault === undefined ? outcomeOf(event, found, results) : { kind: "retry" as const, event, fault: signalFault };
      if (outcome.kind === "rejected") this.#bury(arrival, event, outcome.path, outcome.reason, done);
      else done(outcome);
    };
    if (left === 0) return done({ kind: "accepted", event, why: found.why });
    for (const movement of movements) {
      this.#options.grid.move(
        movement,
        once((result) => {
          results.push(result);
          settle();
        }),
      );
    }
    if (signals.length === 0) return;
    this.#options.signals.put(signals).then(settle, (error: unknown) => {
      signalFault = faultOf("the store of signals", error);
      settle();
    });
  }

  #bury(arrival: Arrival, event: SourceEvent | undefined, path: string, reason: string, done: Done): void {
    const rejected = { kind: "rejected", event, path, reason } as const;
    if (arrival.isReplay === true) return done(rejected);
    const { deadLetters, clock } = this.#options;
    const { key, subject, source, location } = arrival;
    const letter = { key, subject, source, location, path, reason, at: clock.now(), body: arrival.bytes() };
    deadLetters.put(letter).then(
      (deadLetter) => done({ ...rejected, deadLetter }),
      (error: unknown) => done({ kind: "retry", event, fault: faultOf("the store of dead letters", error) }),
    );
  }

  /** For what an edge cannot read. */
  refuse(arrival: Arrival, reason: string, done: Done): void {
    this.#bury(arrival, undefined, "", reason, done);
  }

  /** For an event that failed again and again inside the grid: it becomes a dead letter, too. */
  giveUp(arrival: Arrival, error: unknown, done: Done): void {
    this.#bury(arrival, undefined, "", `the grid failed on it: ${error instanceof Error ? error.message : String(error)}`, done);
  }
}

function keptSignals(source: string, { source: sender, id }: SourceEvent, { signals }: Understood): KeptSignal[] {
  return signals.map((signal, index) => ({ id: `${sender} ${id}-${index + 1}`, source, ...signal }));
}

/** The first refusal is told; the movements that were applied stay, and are duplicates when the event is replayed. */
function outcomeOf(event: EventName, { why }: Understood, results: readonly MovementResult[]): Outcome {
  let kind: "applied" | "duplicate" | "pending" = "duplicate";
  let version = 0;
  for (const result of results) {
    if (result.kind === "fault") return { kind: "retry", event, fault: result };
    if (!("version" in result)) return { kind: "rejected", event, path: "", reason: result.detail };
    if (kind !== "pending" && result.kind !== "duplicate") kind = result.kind;
    version = result.version;
  }
  if (results.length === 0) return { kind: "accepted", event, why };
  return { kind, event, movements: results.length, version };
}

function faultOf(what: string, error: unknown): Fault {
  const reason = error instanceof Error ? error.message : String(error);
  return {
    kind: "fault",
    code: "outcome-unknown",
    retryAfterMs: RETRY_MS,
    detail: `${what} did not answer (${reason}); send the event again`,
  };
}

/** A grid that answers a call twice would settle an event for one that waits. */
function once<T>(done: (value: T) => void): (value: T) => void {
  let called = false;
  return (value) => {
    if (called) return;
    called = true;
    done(value);
  };
}
