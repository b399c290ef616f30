/**
 * The chain of segments that the entries of a shard form over the lanes, and the claims that they rest on. Fed in the order in which things were committed.
 *
 * W8. The segments of a shard form one chain: epochs grow, each adoption continues at or behind the last entry before it, after the owner before can write
 *     no more, and no entry of a shard stands outside of its segments. Hence there are never two owners whose writes both commit.
 * W9. An adoption was claimed before it was committed: by that member, under that writer, with that epoch and origin. Claims of a shard count up by one, and
 *     only when the owner before can write no more.
 */

import type { LaneSeq, ShardId, ShardOrigin } from "../../../src/base/index.ts";
import type { ShardClaim } from "../../../src/placement/index.ts";
import type { AdoptedEntry, ReleasedEntry } from "../../../src/shard/index.ts";
import { mustHold } from "../violation.ts";

/** A record of a lane, where entries stand. */
export interface RecordPlace {
  readonly lane: string;
  readonly seq: LaneSeq;
  readonly writer: number;
}

export interface Segment {
  readonly epoch: number;
  readonly lane: string;
  readonly writer: number;
  /** Record of the newest entry. */
  last: LaneSeq;
  /** Record of the release; undefined while there is none. */
  released: LaneSeq | undefined;
}

export type Claim = Pick<ShardClaim, "owner" | "writer" | "epoch" | "origin" | "at">;

/** Writer of a record of a lane, and how many records of it were committed so far. */
export interface Writers {
  writerAt(lane: string, seq: LaneSeq): number;
  lastOf(lane: string): LaneSeq;
}

export class Chains {
  readonly #writers: Writers;
  readonly #note: (what: string) => void;
  readonly #segments = new Map<ShardId, Segment>();
  /** Claims of a shard: epoch n at n - 1. */
  readonly #claims = new Map<ShardId, Claim[]>();
  /** Changes of owner that were committed. */
  adoptions = 0;

  /** `note` is told of every claim, adoption and release. */
  constructor(writers: Writers, note: (what: string) => void = () => undefined) {
    this.#writers = writers;
    this.#note = note;
  }

  /** The newest segment of a shard. */
  segment(shard: ShardId): Segment | undefined {
    return this.#segments.get(shard);
  }

  /** Every shard that was ever adopted. */
  get shards(): number {
    return this.#segments.size;
  }

  /** Whether no newest segment of any shard is in the lane. */
  ownsNothing(lane: string): boolean {
    return [...this.#segments.values()].every((segment) => segment.lane !== lane);
  }

  /** A new value of the shard map. */
  claimed(claims: readonly (Claim | undefined)[], where: string): void {
    for (const [index, claim] of claims.entries()) {
      if (claim !== undefined && claim.owner !== "") this.#claim(index as ShardId, claim, where);
    }
  }

  adopted({ shard, epoch, origin }: AdoptedEntry, place: RecordPlace): void {
    const where = `${whereOf(place)}: the adoption of shard ${shard} with epoch ${epoch}`;
    this.#note(where);
    const claim = this.#claims.get(shard)?.[epoch - 1];
    mustHold(claim !== undefined, `W9: ${where} was never claimed`);
    const claimed = claim.owner === place.lane && claim.writer === place.writer && sameOrigin(claim.origin, origin);
    mustHold(claimed, `W9: ${where} from ${textOf(origin)} by writer ${place.writer} was claimed as ${JSON.stringify(claim)}`);
    mustHold(place.seq > claim.at, `W9: ${where} stands before ${claim.at}, where it was claimed`);
    const before = this.#segments.get(shard);
    mustHold(epoch > (before?.epoch ?? 0), `W8: ${where} follows epoch ${before?.epoch}`);
    this.#continues(claim, before, shard, where);
    this.#segments.set(shard, { epoch, lane: place.lane, writer: place.writer, last: place.seq, released: undefined });
    this.adoptions++;
  }

  released({ shard, epoch, to }: ReleasedEntry, place: RecordPlace): void {
    this.#note(`${whereOf(place)}: shard ${shard} with epoch ${epoch} is released to ${to}`);
    const segment = this.entry(shard, place, "its release");
    mustHold(
      segment.epoch === epoch,
      `W8: ${whereOf(place)} releases epoch ${epoch} of shard ${shard} in epoch ${segment.epoch}`,
    );
    segment.released = place.seq;
  }

  /** An entry of the shard, which must be in its newest segment. */
  entry(shard: ShardId, place: RecordPlace, what: string): Segment {
    const segment = this.#segments.get(shard);
    const where = `W8: ${whereOf(place)} has ${what} of shard ${shard}`;
    mustHold(segment !== undefined, `${where}, which was never adopted`);
    const inside = segment.lane === place.lane && segment.writer === place.writer;
    mustHold(inside, `${where} by writer ${place.writer}, which belongs to writer ${segment.writer} of ${segment.lane}`);
    mustHold(segment.released === undefined, `${where}, which was released at ${segment.released}`);
    segment.last = place.seq;
    return segment;
  }

  #claim(shard: ShardId, claim: Claim, where: string): void {
    const claims = this.#claims.get(shard) ?? [];
    this.#claims.set(shard, claims);
    const newest = claims.at(-1);
    if (newest?.epoch === claim.epoch) {
      const same = newest.owner === claim.owner && newest.writer === claim.writer && sameOrigin(newest.origin, claim.origin);
      mustHold(same, `W9: ${where} changes the claim of shard ${shard} without a new epoch`);
      return;
    }
    this.#note(
      `shard ${shard} is claimed with epoch ${claim.epoch} by writer ${claim.writer} of ${claim.owner} from ${textOf(claim.origin)}, at ${claim.at}`,
    );
    const counted = claim.epoch === (newest?.epoch ?? 0) + 1;
    mustHold(counted, `W9: ${where} claims shard ${shard} with epoch ${claim.epoch} after ${newest?.epoch ?? 0}`);
    mustHold(
      newest === undefined || this.#mayWriteNoMore(shard, newest, claim),
      `W9: ${where} claims shard ${shard} with epoch ${claim.epoch} while ${newest?.owner} may still write it`,
    );
    claims.push(claim);
  }

  #mayWriteNoMore(shard: ShardId, before: Claim, next: Claim): boolean {
    if (before.owner === next.owner && before.writer === next.writer) return true;
    const segment = this.#segments.get(shard);
    if (segment?.epoch === before.epoch && segment.released !== undefined) return true;
    const last = this.#writers.lastOf(before.owner);
    return last > 0 && this.#writers.writerAt(before.owner, last) > before.writer;
  }

  /** Follows the origin, over claims that never led to an adoption, to the end of the segment before. */
  #continues(claim: Claim, before: Segment | undefined, shard: ShardId, where: string): void {
    const { origin } = claim;
    if (origin.kind !== "place") return mustHold(before === undefined, `W8: ${where} begins anew, after epoch ${before?.epoch}`);
    const { lane, seq } = origin;
    mustHold(seq <= this.#writers.lastOf(lane), `W8: ${where} continues ${textOf(origin)}, which is not committed`);
    if (before?.lane === lane && this.#endsAt(before, seq)) return;
    const skipped = this.#skippedClaim(shard, before?.epoch ?? 0, claim.epoch, lane);
    mustHold(skipped !== undefined, `W8: ${where} continues ${textOf(origin)}, and not at the end of ${JSON.stringify(before)}`);
    this.#continues(skipped, before, shard, where);
  }

  /** Everything of the segment is at or before the place, and nothing can come after it. */
  #endsAt(segment: Segment, seq: LaneSeq): boolean {
    if (segment.last > seq) return false;
    return segment.released !== undefined || (seq > 0 && this.#writers.writerAt(segment.lane, seq) > segment.writer);
  }

  /** The newest claim between two epochs of the member with that lane. */
  #skippedClaim(shard: ShardId, after: number, before: number, owner: string): Claim | undefined {
    const claims = this.#claims.get(shard) ?? [];
    return claims.findLast((claim) => claim.epoch > after && claim.epoch < before && claim.owner === owner);
  }
}

export function whereOf({ lane, seq }: RecordPlace): string {
  return `record ${seq} of ${lane}`;
}

function sameOrigin(a: ShardOrigin, b: ShardOrigin): boolean {
  return textOf(a) === textOf(b);
}

function textOf(origin: ShardOrigin): string {
  if (origin.kind === "place") return `record ${origin.seq} of ${origin.lane}`;
  return origin.kind === "image" ? `image ${origin.name}` : "nothing";
}
