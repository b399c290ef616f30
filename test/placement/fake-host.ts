/**
 * A member as the keeper sees it, over the lanes of lanes.ts: it takes its lane, replays, follows, serves, and is fenced. Its disk keeps what was there at the last
 * checkpoint; what it serves changes at random.
 */

import type { LanePlace, LaneSeq, ShardId } from "../../src/base/index.ts";
import type { Adoption, Holding, Released, ShardHost, ShardSource, Tenure } from "../../src/placement/index.ts";
import type { SimRandom } from "../simulator/world/index.ts";
import { type Entry, Fenced, type Lanes, Violation } from "./lanes.ts";
import type { Proc } from "./sim-kv.ts";

interface Copy {
  epoch: number;
  lane: string;
  state: Holding["state"];
  version: number;
  /** Version in the lane; behind `version` while a change is on its way. */
  committed: number;
}

export interface Disk {
  copies: Map<ShardId, Copy>;
  positions: Map<string, number>;
}

export function emptyDisk(): Disk {
  return { copies: new Map(), positions: new Map() };
}

const STEP_MS = 20;

export class FakeHost implements ShardHost {
  readonly lane: string;
  readonly #proc: Proc;
  readonly #lanes: Lanes;
  readonly #random: SimRandom;
  readonly #disk: Disk;
  readonly #peers: (lane: string) => FakeHost | undefined;
  #copies = new Map<ShardId, Copy>();
  #positions = new Map<string, number>();
  #released = new Map<ShardId, Released>();
  #asked = new Map<ShardId, object>();
  #adopted = new Set<ShardId>();
  #writer: number | undefined;
  #began = 0;
  #isReady = false;
  /** Appends go out one after the other. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(
    lane: string,
    proc: Proc,
    lanes: Lanes,
    random: SimRandom,
    disk: Disk,
    peers: (lane: string) => FakeHost | undefined,
  ) {
    this.lane = lane;
    this.#proc = proc;
    this.#lanes = lanes;
    this.#random = random;
    this.#disk = disk;
    this.#peers = peers;
    this.#rejoin();
    this.#step();
    this.#change();
  }

  get isRunning(): boolean {
    return this.#proc.isAlive && !this.#proc.isPaused && !this.#proc.isCut;
  }

  tenure(): Tenure | undefined {
    if (!this.#isReady || this.#writer === undefined) return undefined;
    const position = (this.#positions.get(this.lane) ?? 0) as LaneSeq;
    return { writer: this.#writer, began: this.#began as LaneSeq, position, since: 0 as LaneSeq };
  }

  holding(shard: ShardId): Holding | undefined {
    const copy = this.#copies.get(shard);
    return copy && { shard, epoch: copy.epoch, lane: copy.lane, state: copy.state };
  }

  *holdings(): Iterable<Holding> {
    for (const shard of this.#copies.keys()) yield this.holding(shard) as Holding;
  }

  durable(): ReadonlyMap<string, LaneSeq> {
    return this.#disk.positions as Map<string, LaneSeq>;
  }

  released(): Iterable<Released> {
    return this.#released.values();
  }

  /** Serves the shard, and everything about that is committed. */
  serves(shard: ShardId): boolean {
    return this.tenure() !== undefined && this.#adopted.has(shard) && this.#copies.get(shard)?.state === "served";
  }

  versionOf(shard: ShardId): number | undefined {
    return this.#copies.get(shard)?.version;
  }

  async adopt(writer: number, adoptions: readonly Adoption[]): Promise<void> {
    if (this.tenure()?.writer !== writer) throw new Error("another tenure");
    for (const { shard, origin } of adoptions) {
      const copy = this.#copies.get(shard);
      if (copy?.state === "served" || copy?.state === "closing") throw new Violation(`${this.lane} adopts shard ${shard} twice`);
      if (origin.kind === "new" && copy === undefined) continue;
      if (origin.kind !== "place" || copy?.lane !== origin.lane || copy.state === "filling")
        throw new Error(`shard ${shard} is not held so`);
      if ((this.#positions.get(origin.lane) ?? 0) < origin.seq) throw new Error(`shard ${shard} is not held so far`);
    }
    for (const { shard, epoch } of adoptions) {
      const version = this.#copies.get(shard)?.version ?? 0;
      this.#copies.set(shard, { epoch, lane: this.lane, state: "served", version, committed: version });
      this.#released.delete(shard);
      this.#asked.delete(shard);
    }
    await this.#append(
      writer,
      adoptions.map(({ shard, epoch, origin }) => ({ kind: "adopted", shard, epoch, origin })),
    );
    for (const { shard } of adoptions) this.#adopted.add(shard);
  }

  async release(writer: number, shards: readonly ShardId[], to: string): Promise<LanePlace> {
    if (this.tenure()?.writer !== writer) throw new Error("another tenure");
    const entries = shards.map((shard): Entry => {
      const copy = this.#copies.get(shard);
      if (copy?.state !== "served") throw new Error(`shard ${shard} is not served`);
      copy.state = "closing";
      this.#adopted.delete(shard);
      return { kind: "released", shard, epoch: copy.epoch, to };
    });
    const seq = await this.#append(writer, entries);
    for (const shard of shards) (this.#copies.get(shard) as Copy).state = "kept";
    return { lane: this.lane, seq };
  }

  standBy(shard: ShardId, source: ShardSource): Promise<void> {
    const token = {};
    this.#asked.set(shard, token);
    return new Promise((resolve, reject) => {
      const poll = (): void => {
        if (this.#asked.get(shard) !== token) return reject(new Error("asked for something else"));
        if (this.tenure() === undefined) return reject(new Error("no tenure"));
        try {
          if (this.#comesOver(shard, source)) return resolve();
        } catch (error) {
          return reject(error);
        }
        this.#proc.after(this.#random.between(1, 200), poll);
      };
      this.#prepare(shard, source);
      poll();
    });
  }

  probe(): void {
    if (this.#writer !== undefined) this.#append(this.#writer, []).catch(() => undefined);
  }

  stepDown(): void {
    if (this.tenure() !== undefined) this.#rejoin();
  }

  discard(shard: ShardId): void {
    const state = this.#copies.get(shard)?.state;
    if (state === "served" || state === "closing") return;
    this.#copies.delete(shard);
    this.#disk.copies.delete(shard);
    this.#released.delete(shard);
    this.#asked.delete(shard);
  }

  async seal(lane: string, writer: number): Promise<LaneSeq> {
    await this.#proc.later(this.#random.between(1, 50));
    if (this.#proc.isCut) throw new Error("cut off");
    if (this.#lanes.lane(lane).writer <= writer) this.#lanes.announce(lane);
    const seq = this.#lanes.last(lane);
    await this.#proc.later(this.#random.between(1, 50));
    if (this.#random.chance(0.1)) throw new Error("no answer");
    return seq;
  }

  reached({ lane, seq }: LanePlace): Promise<void> {
    return new Promise((resolve, reject) => {
      const poll = (): void => {
        const position = this.#positions.get(lane);
        if (position === undefined || this.tenure() === undefined) reject(new Error(`${lane} is not followed`));
        else if (position >= seq) resolve();
        else this.#proc.after(STEP_MS, poll);
      };
      poll();
    });
  }

  /** What there is goes on in the next owner's lane, when it ends where that one begins; else it is of no use. */
  #prepare(shard: ShardId, source: ShardSource): void {
    const copy = this.#copies.get(shard);
    if (copy === undefined || copy.state === "filling") {
      this.#copies.set(shard, { epoch: source.epoch, lane: source.owner, state: "filling", version: 0, committed: 0 });
      return;
    }
    if (copy.lane === source.owner && copy.epoch === source.epoch) copy.state = "following";
    else if (copy.epoch < source.epoch && source.origin.kind === "place" && source.origin.lane === copy.lane) {
      const position = this.#positions.get(source.owner) ?? source.at;
      this.#positions.set(source.owner, Math.min(position, source.at));
      copy.state = "following";
    } else this.#copies.set(shard, { epoch: source.epoch, lane: source.owner, state: "filling", version: 0, committed: 0 });
  }

  #comesOver(shard: ShardId, source: ShardSource): boolean {
    const copy = this.#copies.get(shard);
    if (copy === undefined) throw new Error("the copy is gone");
    if (copy.state !== "filling") return copy.lane === source.owner && copy.epoch >= source.epoch;
    const owner = this.#peers(source.owner);
    if (this.#proc.isCut || !owner?.isRunning || this.#random.chance(0.05)) throw new Error("the owner is away");
    const image = owner.#image(shard);
    if (image?.epoch !== source.epoch) return false;
    const position = this.#positions.get(source.owner) ?? image.seq;
    this.#positions.set(source.owner, Math.min(position, image.seq));
    this.#copies.set(shard, {
      epoch: image.epoch,
      lane: source.owner,
      state: "following",
      version: image.version,
      committed: image.version,
    });
    this.#checkpoint();
    return true;
  }

  #image(shard: ShardId): { epoch: number; version: number; seq: number } | undefined {
    const copy = this.#copies.get(shard);
    if (!this.serves(shard) || copy === undefined) return undefined;
    return { epoch: copy.epoch, version: copy.committed, seq: this.#positions.get(this.lane) ?? 0 };
  }

  #append(writer: number, entries: readonly Entry[]): Promise<LaneSeq> {
    const appended = this.#tail.then(async () => {
      await this.#proc.later(this.#random.between(1, 30));
      if (this.#writer !== writer) throw new Fenced("the tenure is over");
      try {
        for (const entry of entries) {
          const seq = this.#lanes.append(this.lane, writer, entry);
          this.#positions.set(this.lane, seq);
          const copy = entry.kind === "changed" ? this.#copies.get(entry.shard) : undefined;
          if (copy !== undefined && entry.kind === "changed") copy.committed = entry.version;
        }
      } catch (error) {
        if (error instanceof Fenced) this.#rejoin();
        throw error;
      }
      return this.#lanes.last(this.lane);
    });
    this.#tail = appended.catch(() => undefined);
    return appended;
  }

  /** Drops the memory and takes the lane again. */
  #rejoin(): void {
    this.#writer = undefined;
    this.#isReady = false;
    this.#copies = new Map();
    for (const [shard, copy] of this.#disk.copies)
      if (copy.state !== "filling") this.#copies.set(shard, { ...copy, state: "kept" });
    this.#positions = new Map(this.#disk.positions);
    this.#released = new Map();
    this.#asked = new Map();
    this.#adopted = new Set();
    const announce = (): void => {
      if (this.#proc.isCut) return void this.#proc.after(500, announce);
      this.#writer = this.#lanes.announce(this.lane);
      this.#began = this.#lanes.last(this.lane);
    };
    this.#proc.after(this.#random.between(10, 800), announce);
  }

  /** Reads on in all lanes. */
  #step(): void {
    this.#proc.after(this.#random.between(1, STEP_MS), () => this.#step());
    if (this.#proc.isCut) return;
    if (!this.#positions.has(this.lane)) this.#positions.set(this.lane, 0);
    for (const lane of this.#positions.keys()) {
      if (lane !== this.lane || !this.#isReady) this.#read(lane);
    }
    if (!this.#isReady && this.#writer !== undefined && (this.#positions.get(this.lane) ?? 0) >= this.#began)
      this.#isReady = true;
    if (this.#random.chance(0.02)) this.#checkpoint();
  }

  #read(lane: string): void {
    const { entries } = this.#lanes.lane(lane);
    let position = this.#positions.get(lane) ?? 0;
    const end = Math.min(entries.length, position + this.#random.between(1, 200));
    while (position < end && this.#apply(lane, position + 1, entries[position] as Entry)) position++;
    this.#positions.set(lane, position);
  }

  /** False: wait, another lane comes first. */
  #apply(lane: string, seq: number, entry: Entry): boolean {
    if (entry.kind === "announced") return true;
    const copy = this.#copies.get(entry.shard);
    if (entry.kind === "adopted") return this.#applyAdopted(lane, entry, copy);
    if (copy === undefined || copy.lane !== lane || copy.state === "filling") return true;
    if (entry.kind === "changed") {
      if (entry.version > copy.version + 1)
        throw new Violation(`${this.lane} misses changes of shard ${entry.shard} before ${entry.version}`);
      copy.version = Math.max(copy.version, entry.version);
      copy.committed = copy.version;
    } else if (entry.epoch === copy.epoch) {
      if (copy.state === "following" && lane !== this.lane) copy.state = "kept";
      const place = { lane, seq: seq as LaneSeq };
      if (entry.to === this.lane) this.#released.set(entry.shard, { shard: entry.shard, epoch: entry.epoch, place });
    }
    return true;
  }

  #applyAdopted(lane: string, { shard, epoch, origin }: Entry & { kind: "adopted" }, copy: Copy | undefined): boolean {
    if (copy === undefined) {
      if (origin.kind === "new" && lane === this.lane)
        this.#copies.set(shard, { epoch, lane, state: "kept", version: 0, committed: 0 });
      return true;
    }
    if (copy.state === "filling" || copy.epoch >= epoch) return true;
    if (origin.kind !== "place" || origin.lane !== copy.lane) {
      this.#copies.delete(shard);
      return true;
    }
    if ((this.#positions.get(origin.lane) ?? 0) < origin.seq) return false;
    copy.lane = lane;
    copy.epoch = epoch;
    return true;
  }

  #checkpoint(): void {
    this.#disk.copies = new Map([...this.#copies].map(([shard, copy]) => [shard, { ...copy, version: copy.committed }]));
    this.#disk.positions = new Map(this.#positions);
  }

  /** Somebody buys something. */
  #change(): void {
    this.#proc.after(this.#random.between(5, 60), () => this.#change());
    const served = [...this.#adopted].filter((shard) => this.serves(shard));
    const writer = this.#writer;
    if (served.length === 0 || writer === undefined) return;
    const shard = this.#random.pick(served);
    const copy = this.#copies.get(shard) as Copy;
    copy.version++;
    this.#append(writer, [{ kind: "changed", shard, version: copy.version }]).catch((error: unknown) => {
      if (error instanceof Violation) this.onViolation(error);
    });
  }

  onViolation: (error: Violation) => void = (error) => {
    throw error;
  };
}
