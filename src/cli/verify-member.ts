/** The verification of one member: journal, then snapshot at its place in the journal, then the tail, then the live records. */

import { hash32, type LaneSeq, type ShardId, shardOfHash } from "../base/index.ts";
import { decodeMark, decodeStockRecord, type Mark, recordKey } from "../codec/index.ts";
import type { SnapshotStore } from "../ports/index.ts";
import { CommandFailed } from "./command.ts";
import type { Connection } from "./connection.ts";
import { Differences } from "./differences.ts";
import { Fold, type FoldedRecord } from "./verify-fold.ts";
import { checkLive, type LiveCounts } from "./verify-live.ts";
import { checkSnapshot, levelDifference, type SnapshotCounts } from "./verify-snapshot.ts";
import type { World } from "./verify-world.ts";

export interface VerifyOptions {
  /** For a store without a checkpoint. */
  readonly shards: number;
  readonly movementRetentionMs: number;
  /** The node to compare live records with; undefined: none runs. */
  readonly connection: Connection | undefined;
  readonly stop: AbortSignal;
}

export interface VerifyReport {
  readonly lane: string;
  /** First and last record of the journal that were read. */
  readonly first: number;
  readonly last: number;
  readonly events: number;
  /** Where the snapshot stands in the journal; 0 when there is none. */
  readonly checkpoint: number;
  /** Shards that the checkpoint holds, and of them those that it holds through this lane: the others are compared with no journal. */
  readonly shards: { readonly held: number; readonly own: number };
  readonly snapshot: SnapshotCounts;
  readonly live: LiveCounts | undefined;
  readonly differences: { readonly count: number; readonly first: readonly string[] };
}

/** A node writes a checkpoint every few seconds: so often we follow it before giving up. */
const MARK_CHASES_MAX = 50;

/** Rejects with CorruptData for bytes that cannot be trusted, CommandFailed when there is too little to compare. */
export async function verifyMember(world: World, options: VerifyOptions): Promise<VerifyReport> {
  const { lane, journal, store } = world;
  const differences = new Differences();
  const shards = decodedMark(store)?.shards ?? options.shards;
  const fold = new Fold(lane, shards, differences);
  const { first } = await journal.bounds();
  const reader = new Reader(world, fold, first, options.stop);
  const mark = await reader.toMark();
  // No await from here to the end of checkSnapshot: the mark and the values are of one view.
  const movementsKeptFrom = (mark?.at ?? 0) - options.movementRetentionMs;
  const { held, own } = holdingsOf(mark, lane);
  if (mark !== undefined && fold.checksum !== undefined && fold.checksum !== mark.checksum) {
    differences.add(`record ${mark.seq} of the journal is not the one that the checkpoint rests on`);
  }
  const snapshot = checkSnapshot({ store, fold, shards, held, own, movementsKeptFrom, differences });
  fold.onFirst = (record) => checkBase(world, record, shards, own, differences);
  const { last } = await journal.bounds();
  await reader.to(last);
  const { connection } = options;
  const live = connection && (await checkLive(connection, fold, store, differences, options.stop));
  const found = { count: differences.count, first: differences.kept };
  const counts = { held: held.size, own: own.size };
  return {
    lane,
    first,
    last,
    events: fold.events,
    checkpoint: mark?.seq ?? 0,
    shards: counts,
    snapshot,
    live,
    differences: found,
  };
}

/** Without a checkpoint nothing is held, and whatever rows there are were never whole. */
function holdingsOf(mark: Mark | undefined, lane: string): { held: ReadonlySet<ShardId>; own: ReadonlySet<ShardId> } {
  const held = mark?.held ?? [];
  const ofLane = held.filter((each) => each.lane === lane);
  return { held: new Set(held.map(({ shard }) => shard)), own: new Set(ofLane.map(({ shard }) => shard)) };
}

function decodedMark(store: SnapshotStore): Mark | undefined {
  const bytes = store.mark();
  return bytes === undefined ? undefined : decodeMark(bytes);
}

/** Feeds the fold from the journal, each record once. */
class Reader {
  readonly #world: World;
  readonly #fold: Fold;
  readonly #stop: AbortSignal;
  #at: number;

  constructor(world: World, fold: Fold, first: number, stop: AbortSignal) {
    this.#world = world;
    this.#fold = fold;
    this.#stop = stop;
    this.#at = first - 1;
  }

  /** Up to the newest checkpoint, following it while it moves. In the turn in which it resolves the store is at that mark. */
  async toMark(): Promise<Mark | undefined> {
    for (let chases = 0; chases < MARK_CHASES_MAX; chases++) {
      const mark = this.#mark();
      if (mark === undefined || mark.seq === this.#at) return mark;
      if (mark.seq < this.#at)
        throw new CommandFailed(
          `the journal begins at record ${this.#at + 1}, after the checkpoint at ${mark.seq}: records between are gone`,
        );
      await this.to(mark.seq);
    }
    throw new CommandFailed("the node writes checkpoints faster than the journal can be read; stop it, or try when it is calmer");
  }

  async to(last: number): Promise<void> {
    this.#stop.throwIfAborted();
    if (last <= this.#at) return;
    const bounds = await this.#world.journal.bounds();
    if (bounds.last < last)
      throw new CommandFailed(
        `the journal ends at record ${bounds.last}, before ${last} that the checkpoint rests on: its end was lost`,
      );
    await this.#world.journal.replay((this.#at + 1) as LaneSeq, last as LaneSeq, (seq, bytes) => this.#fold.add(seq, bytes));
    this.#at = last;
  }

  #mark(): Mark | undefined {
    return decodedMark(this.#world.store);
  }
}

/** A record first seen after the checkpoint must begin where the snapshot left it, unless the snapshot is ahead by now. */
function checkBase(
  { store }: World,
  { base, isForeign }: FoldedRecord,
  shards: number,
  own: ReadonlySet<ShardId>,
  differences: Differences,
): void {
  const { sku, location } = base;
  if (isForeign || !own.has(shardOfHash(hash32(sku), shards))) return;
  const bytes = store.get("records", recordKey(shardOfHash(hash32(sku), shards), sku, location));
  const found = bytes === undefined ? { version: 0 } : decodeStockRecord(bytes, sku, location);
  if (found.version > base.version) return;
  const wrong = bytes === undefined && base.version === 0 ? undefined : levelDifference(found, base);
  if (wrong !== undefined) differences.add(`${sku} at ${location}: the snapshot has ${wrong}`);
}
