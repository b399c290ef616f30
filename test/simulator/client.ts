/**
 * A simulated client: asks one thing after another, and, when it does not know what became of a request that it may repeat
 * safely, asks again with the same key until it knows.
 */

import type { Fault, ReservationId } from "../../src/base/index.ts";
import type { Grid } from "../../src/member/index.ts";
import type { Answer, Floor, Judge } from "./judge.ts";
import type { Operation } from "./operations.ts";
import type { Trace } from "./trace.ts";
import { mustHold } from "./violation.ts";
import type { Scheduler, SimProcess, SimRandom } from "./world/index.ts";

const THINK_MS_MAX = 60;
const RETRY_MS_MAX = 200;

/** A process that answers on behalf of the grid. */
export interface Reached {
  readonly name: string;
  readonly process: SimProcess;
  readonly member: Grid;
}

interface Attempt {
  readonly operation: Operation;
  readonly floor: Floor;
  readonly running: Reached;
  /** Whether an earlier attempt may have had an effect. */
  state: "sending" | "waiting" | "answered" | "lost";
}

export interface ClientWorld {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly host: { reach(random: SimRandom): Reached | undefined };
  readonly judge: Judge;
  /** Reservations that clients have heard of. */
  readonly known: ReservationId[];
  /** How long a client waits for an answer before it asks again, ms; for ever when undefined. */
  readonly patienceMs?: number;
  fail(error: unknown): void;
}

export class Client {
  readonly #world: ClientWorld;
  readonly #random: SimRandom;
  readonly #next: () => Operation | undefined;
  #attempt: Attempt | undefined;
  #done = false;

  /** `next` gives what to ask, undefined when there is nothing left. */
  constructor(world: ClientWorld, random: SimRandom, next: () => Operation | undefined) {
    this.#world = world;
    this.#random = random;
    this.#next = next;
  }

  get done(): boolean {
    return this.#done;
  }

  start(): void {
    this.#thinkThen(THINK_MS_MAX, () => this.#askNext());
  }

  /** The process died: whatever it was asked is now unknown. */
  connectionLost(running: Reached): void {
    const attempt = this.#attempt;
    if (attempt?.running !== running || attempt.state === "answered" || attempt.state === "lost") return;
    this.#giveUp(attempt, "loses its connection");
  }

  #giveUp(attempt: Attempt, why: string): void {
    attempt.state = "lost";
    this.#world.trace.note(`${attempt.operation.name} ${why}`);
    this.#unknown(attempt.operation);
  }

  #thinkThen(maxMs: number, act: () => void): void {
    this.#world.scheduler.schedule(this.#random.between(0, maxMs), () => {
      try {
        act();
      } catch (error) {
        this.#world.fail(error);
      }
    });
  }

  #askNext(): void {
    const operation = this.#next();
    if (operation === undefined) this.#done = true;
    else this.#ask(operation);
  }

  #ask(operation: Operation): void {
    const running = this.#world.host.reach(this.#random);
    if (running === undefined) return this.#thinkThen(RETRY_MS_MAX, () => this.#ask(operation));
    const attempt: Attempt = { operation, floor: this.#world.judge.floorOf(operation), running, state: "sending" };
    this.#attempt = attempt;
    this.#world.trace.note(`${operation.name} asks ${running.name}: ${describe(operation)}`);
    send(running.member, operation, (answer) => this.#hear(attempt, answer));
    if (attempt.state !== "sending") return;
    attempt.state = "waiting";
    const { patienceMs } = this.#world;
    if (patienceMs === undefined) return;
    this.#world.scheduler.schedule(patienceMs, () => {
      if (attempt.state === "waiting") this.#giveUp(attempt, "is tired of waiting");
    });
  }

  #hear(attempt: Attempt, answer: Answer): void {
    const { running, operation } = attempt;
    if (!running.process.alive || attempt.state === "lost") return;
    try {
      mustHold(attempt.state === "waiting", `${operation.name} was answered while ${attempt.state}`);
      attempt.state = "answered";
      this.#world.trace.note(`${operation.name} hears: ${summary(answer)}`);
      if (answer.kind === "fault") this.#onFault(operation, answer);
      else this.#onAnswer(attempt, answer);
    } catch (error) {
      this.#world.fail(error);
    }
  }

  #onAnswer({ operation, floor }: Attempt, answer: Answer): void {
    this.#world.judge.hear(operation, answer, floor);
    if (answer.kind === "reserved") this.#world.known.push(answer.reservation.id);
    this.#thinkThen(THINK_MS_MAX, () => this.#askNext());
  }

  #onFault(operation: Operation, fault: Fault): void {
    if (fault.code === "outcome-unknown") this.#unknown(operation);
    else this.#thinkThen(RETRY_MS_MAX, () => this.#ask(operation));
  }

  #unknown(operation: Operation): void {
    const next = isRepeatable(operation) ? () => this.#ask(operation) : () => this.#askNext();
    this.#thinkThen(RETRY_MS_MAX, next);
  }
}

/** Whether asking twice is the same as asking once. */
export function isRepeatable(operation: Operation): boolean {
  if (operation.kind !== "reserve" && operation.kind !== "transit") return true;
  return operation.command.idempotency !== undefined;
}

export function send(grid: Grid, operation: Operation, done: (answer: Answer) => void): void {
  switch (operation.kind) {
    case "reserve":
      return grid.reserve(operation.command, done);
    case "transit":
      return grid.transit(operation.command, done);
    case "move":
      return grid.move(operation.movement, done);
    case "locate":
      return grid.putLocation(operation.location, done);
    case "read":
      return grid.record(operation.sku, operation.location, done, { strict: operation.strict });
    case "look-up":
      return grid.reservation(operation.id, done);
  }
}

function describe(operation: Operation): string {
  const { kind, name: _name, ...rest } = operation;
  return `${kind} ${JSON.stringify(rest, (key, value: unknown) => (key === "fingerprint" ? undefined : value))}`;
}

function summary(answer: Answer): string {
  if (answer.kind === "reserved") return `${answer.repeated ? "again " : ""}reserved ${answer.reservation.id}`;
  if (answer.kind === "reservation") return `${answer.reservation.id} at version ${answer.reservation.version}`;
  if (answer.kind === "fault") return `${answer.code}: ${answer.detail}`;
  return JSON.stringify(answer);
}
