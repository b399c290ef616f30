/** Gives commands to the member of this thread, and knows what has to be seen to first. */

import type { Fault, FaultCode, LocationId } from "../base/index.ts";
import type { LocationBook } from "../locations/index.ts";
import type { Movement } from "../stock/index.ts";
import { type Answer, type Command, type LocalMember, runLocally, servesAll } from "./command.ts";

export class Desk {
  readonly #member: LocalMember;
  readonly #book: LocationBook;
  readonly #shards: number;

  constructor(member: LocalMember, book: LocationBook, shards: number) {
    this.#member = member;
    this.#book = book;
    this.#shards = shards;
  }

  serves(command: Command): boolean {
    return servesAll(this.#member, command, this.#shards);
  }

  knowsPlaces({ location, toLocation }: Movement): boolean {
    return this.#book.has(location) && (toLocation === undefined || this.#book.has(toLocation));
  }

  /** Of a command that is served. A location that is not known yet may have been put at another member a moment ago: the bucket is asked once. */
  run(command: Command, done: (answer: Answer) => void): void {
    if (command.op !== "move" || this.knowsPlaces(command.movement)) return runLocally(this.#member, command, done);
    this.#look(command.movement).then(
      () => (this.serves(command) ? runLocally(this.#member, command, done) : done(notOwner())),
      (error: unknown) => done(fault("not-ready", `locations cannot be looked up: ${String(error)}; nothing was done`)),
    );
  }

  async #look({ location, toLocation }: Movement): Promise<void> {
    const places: LocationId[] = toLocation === undefined ? [location] : [location, toLocation];
    await Promise.all(places.map((id) => this.#book.look(id)));
  }
}

export function fault(code: FaultCode, detail: string, retryAfterMs = 1_000): Fault {
  return { kind: "fault", code, retryAfterMs, detail };
}

export function notOwner(): Fault {
  return fault("not-owner", "the shard is not here; nothing was done", 0);
}
