/**
 * Two members that each own half of the shards, on one stage of virtual time, with messages between them that the test may lose, repeat
 * and delay. A member that dies is booted again a little later.
 */

import {
  CorruptData,
  hash32,
  InvariantBroken,
  type LocationId,
  type ShardId,
  type Sku,
  shardOfHash,
} from "../../src/base/index.ts";
import type { Member, MemberLimits, Peers } from "../../src/member/index.ts";
import type { Movement } from "../../src/stock/index.ts";
import { LANE } from "../simulator/host.ts";
import {
  Scheduler,
  SimConnection,
  SimDisk,
  SimJournal,
  SimLane,
  SimLanes,
  SimProcess,
  SimRandom,
  SimSnapshotStore,
  Weather,
} from "../simulator/world/index.ts";
import { type SoloOptions, soloMember } from "../support/solo-member.ts";

export const SHARDS = 8;
export const PLACE = "place" as LocationId;
const REBOOT_MS = 120;
const ANSWER_MS_MAX = 120_000;

export type Name = "a" | "b";

/** What becomes of one message, or of one answer. */
export type Fate = "arrives" | "is lost" | "comes twice" | "comes late";
const LATE_MS = 700;

export interface Side {
  readonly name: Name;
  readonly lane: SimLane;
  readonly disk: SimDisk;
  process: SimProcess;
  member: Member;
}

/** The first SKU whose name begins so, whose shard is owned by the side and not among those of `taken`. */
export function skuOf(side: Name, name: string, taken: readonly Sku[] = []): Sku {
  const shards = taken.map(shardOf);
  for (let n = 0; ; n++) {
    const sku = `${name}-${n}` as Sku;
    if (ownerOf(shardOf(sku)) === side && !shards.includes(shardOf(sku))) return sku;
  }
}

export function shardOf(text: string): ShardId {
  return shardOfHash(hash32(text), SHARDS);
}

export function ownerOf(shard: ShardId): Name {
  return shard % 2 === 0 ? "a" : "b";
}

export class Pair {
  readonly scheduler = new Scheduler();
  readonly weather: Weather;
  readonly failures: string[] = [];
  readonly sides: Readonly<Record<Name, Side>>;
  /** Fate of the n-th message or answer between the two, from 1. */
  fate: (n: number) => Fate = () => "arrives";
  messages = 0;
  readonly #limits: Partial<MemberLimits>;
  readonly #random: SimRandom;
  #movements = 0;

  constructor(limits: Partial<MemberLimits> = {}, seed = 1) {
    this.#limits = limits;
    this.#random = new SimRandom(seed, 1);
    this.weather = new Weather(new SimRandom(seed, 2));
    this.sides = { a: this.#newSide("a"), b: this.#newSide("b") };
  }

  get a(): Member {
    return this.sides.a.member;
  }

  get b(): Member {
    return this.sides.b.member;
  }

  /** Both serve. */
  async open(): Promise<void> {
    const serves = ({ process, member }: Side): boolean => process.alive && member.phase === "serving";
    await this.until(() => serves(this.sides.a) && serves(this.sides.b), "both to serve");
  }

  until(settled: () => boolean, what: string): Promise<void> {
    return this.scheduler.runUntil(settled, what, ANSWER_MS_MAX);
  }

  async answer<R>(ask: (done: (result: R) => void) => void): Promise<R> {
    const heard: R[] = [];
    ask((result) => heard.push(result));
    await this.until(() => heard.length > 0, "an answer");
    return heard[0] as R;
  }

  /** Asks the owner until the answer is no fault, as the router and a patient client do together; `command` must be repeatable. */
  async insist<R extends { readonly kind: string }>(
    side: Name,
    ask: (member: Member, done: (result: R) => void) => void,
  ): Promise<Exclude<R, { kind: "fault" }>> {
    for (;;) {
      await this.open();
      const { member, process } = this.sides[side];
      const heard: R[] = [];
      ask(member, (result) => {
        if (process.alive) heard.push(result);
      });
      await this.until(() => heard.length > 0 || !process.alive, "an answer or a death");
      const [result] = heard;
      if (result !== undefined && result.kind !== "fault") return result as Exclude<R, { kind: "fault" }>;
      await this.scheduler.runFor(50);
    }
  }

  async receive(sku: Sku, quantity: number): Promise<void> {
    const id = `receipt-${++this.#movements}`;
    const movement: Movement = { id, type: "receipt", sku, location: PLACE, quantity };
    await this.insist(ownerOf(shardOf(sku)), (member, done) => member.move(movement, done));
  }

  #newSide(name: Name): Side {
    const side = { name, lane: new SimLane(), disk: new SimDisk() } as Side;
    this.#boot(side);
    return side;
  }

  #boot(side: Side): void {
    const process = new SimProcess(this.scheduler);
    const note = (fields: object, message: string): void => {
      if (message === "broken invariant") this.failures.push(`${side.name}: ${JSON.stringify(fields)}`);
    };
    const connection = new SimConnection(process, this.weather);
    const options: SoloOptions = {
      lane: `${LANE}-${side.name}`,
      shards: SHARDS,
      limits: { ...this.#limits, trimMargin: 1_000_000 },
      ports: {
        clock: process.clock,
        random: new SimRandom(this.#random.uint32()),
        journal: new SimJournal(side.lane, connection),
        lanes: new SimLanes(
          () => side.lane,
          () => true,
          connection,
        ),
        store: new SimSnapshotStore(side.disk, process, this.weather),
        log: { info: () => undefined, warn: () => undefined, error: note },
      },
      peers: this.#peersOf(side, process),
      owns: (shard) => ownerOf(shard) === side.name,
      locations: { has: (id) => id === PLACE },
      observer: { failed: (error) => this.failures.push(String(error)) },
    };
    side.process = process;
    side.member = soloMember(options);
    process.onDeath = () => this.scheduler.schedule(REBOOT_MS, () => this.#boot(side));
    side.member.start().catch((error: unknown) => {
      const isBad = error instanceof CorruptData || error instanceof InvariantBroken;
      if (process.alive && isBad) this.failures.push(`${side.name} does not start: ${error.message}`);
      process.kill();
    });
  }

  #peersOf(side: Side, process: SimProcess): Peers {
    const other = (): Side => this.sides[side.name === "a" ? "b" : "a"];
    const call =
      <A, R>(pick: (member: Member) => (shard: ShardId, ask: A, done: (answer: R) => void) => void) =>
      (shard: ShardId, ask: A, done: (answer: R) => void): void => {
        if (!process.enter()) return;
        this.#carry(() => {
          const { member, process: there } = other();
          if (!there.alive) return;
          const back = there.guard((answer: R) => this.#carry(process.guard(() => done(structuredClone(answer)))));
          pick(member).call(member, shard, structuredClone(ask), back);
        });
      };
    return {
      hold: call((member) => member.hold),
      follow: call((member) => member.follow),
      claimMovement: call((member) => member.claimMovement),
      freeMovement: call((member) => member.freeMovement),
    };
  }

  #carry(arrive: () => void): void {
    const fate = this.fate(++this.messages);
    if (fate === "is lost") return;
    this.scheduler.schedule(fate === "comes late" ? LATE_MS : 1, arrive);
    if (fate === "comes twice") this.scheduler.schedule(LATE_MS / 2, arrive);
  }
}
