/** A member alone in its world: it adopts every shard itself, without a shard map. Only for a lane in which nobody else takes part. */

import type { LaneSeq, ShardId } from "../../src/base/index.ts";
import { Member, type MemberOptions, type MemberPorts } from "../../src/member/index.ts";
import type { Adoption } from "../../src/placement/index.ts";
import type { FollowedRecord, Journal, LaneFollow, Lanes } from "../../src/ports/index.ts";

export type SoloOptions = Omit<MemberOptions, "ports"> & {
  readonly ports: Omit<MemberPorts, "lanes"> & Partial<MemberPorts>;
  /** Shards that it adopts; all unless said. */
  readonly owns?: (shard: ShardId) => boolean;
};

export function soloMember(options: SoloOptions): Member {
  let adopted = 0;
  const { ports, observer, lane, shards, owns } = options;
  const isWanted = ({ shard }: Adoption): boolean => owns?.(shard) ?? true;
  const member: Member = new Member({
    ...options,
    ports: { lanes: lanesOver(ports.journal), ...ports },
    observer: {
      ...observer,
      hostChanged: () => {
        observer?.hostChanged?.();
        const tenure = member.host.tenure();
        if (tenure === undefined || tenure.writer === adopted) return;
        adopted = tenure.writer;
        // A tenure that ends before the commit is followed by another, which adopts again.
        member.host.adopt(tenure.writer, adoptionsOf(member, lane, shards, tenure.began).filter(isWanted)).catch(() => undefined);
      },
    },
  });
  return member;
}

function adoptionsOf({ host }: Member, lane: string, shards: number, began: LaneSeq): Adoption[] {
  return Array.from({ length: shards }, (_, number) => {
    const shard = number as ShardId;
    const held = host.holding(shard);
    if (held === undefined) return { shard, epoch: 1, origin: { kind: "new" } };
    return { shard, epoch: held.epoch + 1, origin: { kind: "place", lane, seq: began } };
  });
}

/** All lanes there are: the one of the journal, which is read record by record and is not waited for at its end. */
export function lanesOver(journal: Journal): Lanes {
  return {
    open: () => Promise.resolve({ ...bound(journal), close: () => Promise.resolve() }),
    follow: (_lane, from) => new JournalFollow(journal, from),
  };
}

function bound(journal: Journal): Journal {
  return {
    bounds: () => journal.bounds(),
    append: (...args) => journal.append(...args),
    read: (seq) => journal.read(seq),
    replay: (...args) => journal.replay(...args),
    trim: (keepFrom) => journal.trim(keepFrom),
    close: () => journal.close(),
  };
}

class JournalFollow implements LaneFollow {
  readonly #journal: Journal;
  #next: number;

  constructor(journal: Journal, from: number) {
    this.#journal = journal;
    this.#next = from;
  }

  async next(): Promise<FollowedRecord | undefined> {
    const seq = this.#next as LaneSeq;
    const bytes = await this.#journal.read(seq);
    if (bytes === undefined) throw new Error(`record ${seq} is not there`);
    this.#next++;
    return { seq, bytes: Uint8Array.from(bytes), newest: false };
  }

  close(): void {
    this.#next = Number.NaN;
  }
}
