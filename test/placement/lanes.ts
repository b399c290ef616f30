/**
 * The lanes of a cluster as a test sees them: who may write, what was written, and whether it keeps O1 to O5 of docs/spec/cluster.md. Stock is one number a
 * shard, its version, which has to grow by one along the chain whoever writes.
 */

import type { LaneSeq, ShardId, ShardOrigin } from "../../src/base/index.ts";
import { decodeShardMap, type ShardClaim, type ShardMap } from "../../src/placement/index.ts";

export class Violation extends Error {
  override readonly name = "Violation";
}

export class Fenced extends Error {
  override readonly name = "Fenced";
}

export type Entry =
  | { readonly kind: "announced" }
  | { readonly kind: "adopted"; readonly shard: ShardId; readonly epoch: number; readonly origin: ShardOrigin }
  | { readonly kind: "released"; readonly shard: ShardId; readonly epoch: number; readonly to: string }
  | { readonly kind: "changed"; readonly shard: ShardId; readonly version: number };

interface Lane {
  writer: number;
  readonly entries: Entry[];
}

interface Segment {
  readonly epoch: number;
  readonly lane: string;
  readonly writer: number;
  isOpen: boolean;
  /** Sequence of its adoption, or of the last change after it. */
  lastChange: number;
}

export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #claims = new Map<string, ShardClaim>();
  readonly #segments = new Map<ShardId, Segment>();
  readonly #released = new Set<string>();
  readonly #versions = new Map<ShardId, number>();
  #map: ShardMap | undefined;

  lane(name: string): Lane {
    const lane = this.#lanes.get(name) ?? { writer: 0, entries: [] };
    this.#lanes.set(name, lane);
    return lane;
  }

  last(name: string): LaneSeq {
    return this.lane(name).entries.length as LaneSeq;
  }

  version(shard: ShardId): number {
    return this.#versions.get(shard) ?? 0;
  }

  get map(): ShardMap | undefined {
    return this.#map;
  }

  /** Appends a new writer's announcement, or a seal. */
  announce(name: string): number {
    const lane = this.lane(name);
    lane.entries.push({ kind: "announced" });
    return ++lane.writer;
  }

  append(name: string, writer: number, entry: Entry): LaneSeq {
    const lane = this.lane(name);
    if (lane.writer !== writer) throw new Fenced(`${name} has writer ${lane.writer}, not ${writer}`);
    const seq = lane.entries.length + 1;
    if (entry.kind === "adopted") this.#checkAdopted(name, writer, entry);
    else if (entry.kind !== "announced") this.#checkInside(name, writer, entry, seq);
    lane.entries.push(entry);
    return seq as LaneSeq;
  }

  /** Every new value of the map has to follow from the one before. */
  checkMap(bytes: Uint8Array): void {
    const map = decodeShardMap(bytes);
    for (const [index, claim] of map.claims.entries()) {
      const before = this.#map?.claims[index];
      if (claim === undefined || claim.epoch === before?.epoch) continue;
      if (claim.epoch !== (before?.epoch ?? 0) + 1) throw new Violation(`shard ${index} jumps to epoch ${claim.epoch}`);
      this.#claims.set(`${index}/${claim.epoch}`, claim);
    }
    this.#map = map;
  }

  #checkAdopted(name: string, writer: number, { shard, epoch, origin }: Entry & { kind: "adopted" }): void {
    const where = `${name} by ${writer} adopts shard ${shard} in ${epoch}`;
    const claim = this.#claims.get(`${shard}/${epoch}`);
    if (claim?.owner !== name || claim.writer !== writer)
      throw new Violation(`O2: ${where}, claimed by ${claim?.owner} ${claim?.writer}`);
    for (let earlier = epoch - 1; earlier >= 1; earlier--) {
      const other = this.#claims.get(`${shard}/${earlier}`) as ShardClaim;
      const isOver = this.lane(other.owner).writer > other.writer || this.#released.has(`${shard}/${earlier}/${other.owner}`);
      if (!isOver) throw new Violation(`O3: ${where} while ${other.owner} by ${other.writer} may write in ${earlier}`);
    }
    const last = this.#segments.get(shard);
    if ((last?.epoch ?? 0) >= epoch) throw new Violation(`O4: ${where} after ${last?.epoch}`);
    this.#checkOrigin(where, last, origin);
    this.#segments.set(shard, { epoch, lane: name, writer, isOpen: true, lastChange: this.last(name) + 1 });
  }

  #checkOrigin(where: string, last: Segment | undefined, origin: ShardOrigin): void {
    const isRight =
      last === undefined
        ? origin.kind === "new"
        : origin.kind === "place" && origin.lane === last.lane && origin.seq >= last.lastChange;
    if (!isRight) throw new Violation(`O4: ${where} from ${JSON.stringify(origin)}, last were ${JSON.stringify(last)}`);
  }

  #checkInside(name: string, writer: number, entry: Entry & { kind: "released" | "changed" }, seq: number): void {
    const segment = this.#segments.get(entry.shard);
    const isInside = segment?.isOpen === true && segment.lane === name && segment.writer === writer;
    if (!isInside)
      throw new Violation(`O1: ${name} by ${writer} writes ${JSON.stringify(entry)}, open is ${JSON.stringify(segment)}`);
    if (entry.kind === "released") {
      segment.isOpen = false;
      this.#released.add(`${entry.shard}/${entry.epoch}/${name}`);
      return;
    }
    const version = this.version(entry.shard);
    if (entry.version !== version + 1)
      throw new Violation(`O5: ${name} changes shard ${entry.shard} to ${entry.version} after ${version}`);
    this.#versions.set(entry.shard, entry.version);
    segment.lastChange = seq;
  }
}
