/**
 * A copy of the whole grid while it runs, of one moment.
 *
 * N1. Each shard is copied from its owner as a fuzzy image (docs/spec/cluster.md), and all lanes are read from before the first image on.
 * N2. The moment is a cut: the ends of all lanes, asked at once. A shard belongs to it when the shard map, read afterwards, still has the claim under which it was
 *     copied; otherwise it is copied again, for another cut.
 * N3. Each image with what its lane says up to the cut, by the functions that run live, is the shard at the cut.
 * N4. Ends that are asked at once come a moment apart. A cut that shows an effect without its cause (cut-check.ts) is thrown away for a later one.
 */

import { mkdirSync, rmSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/nats-core";
import type { LaneSeq, ShardId } from "../base/index.ts";
import { laneEnds, laneStarts, listLanes, openLanes } from "../journal/index.ts";
import { fetchImage } from "../links/index.ts";
import { type ImageChunk, ImageFold } from "../member/index.ts";
import type { ShardMap } from "../placement/index.ts";
import type { Lanes } from "../ports/index.ts";
import { type BackupFile, FrameWriter, readRows, shardFile } from "./backup-format.ts";
import { CommandFailed, reasonOf } from "./command.ts";
import { CutCheck } from "./cut-check.ts";
import { LaneSpool } from "./lane-spool.ts";

export interface BackupRun {
  readonly connection: NatsConnection;
  readonly cluster: string;
  /** Empty, for the files. */
  readonly folder: string;
  /** The shard map as the leader of its bucket has it. */
  readMap(): Promise<ShardMap>;
  progress(done: number, total: number, words: string): void;
  readonly stop: AbortSignal;
}

export interface Copied {
  readonly files: readonly BackupFile[];
  readonly lanes: Readonly<Record<string, number>>;
  readonly unsettled: number;
}

/** Where a copied image stands. */
interface Image {
  readonly lane: string;
  readonly epoch: number;
  readonly seq: number;
  readonly file: string;
}

const TRIES_MAX = 40;
const AGAIN_MS = 250;
const CUTS_MAX = 50;
/** Images that are copied at a time. */
const TOGETHER = 4;

/** Rejects with CommandFailed when a shard is not served for ten seconds, or no moment is found. */
export async function copyGrid(run: BackupRun): Promise<Copied> {
  const copy = new GridCopy(run, await run.readMap());
  try {
    return await copy.run();
  } finally {
    copy.close();
  }
}

class GridCopy {
  readonly #run: BackupRun;
  readonly #shards: number;
  readonly #lanes: Lanes;
  readonly #spools = new Map<string, LaneSpool>();
  readonly #images: (Image | undefined)[];
  #map: ShardMap;
  #copies = 0;

  constructor(run: BackupRun, map: ShardMap) {
    this.#run = run;
    this.#map = map;
    this.#shards = map.shards;
    this.#lanes = openLanes({ connection: run.connection });
    this.#images = new Array<Image | undefined>(map.shards).fill(undefined);
  }

  async run(): Promise<Copied> {
    mkdirSync(this.#parts);
    await this.#spoolOwners();
    let wrong = "";
    for (let cuts = 0; cuts < CUTS_MAX; cuts++) {
      await this.#copyMissing();
      const ends = await this.#cut();
      if (ends === undefined) continue;
      const check = new CutCheck(this.#shards);
      const files = this.#fold(ends, check);
      const found = check.wrong();
      if (found === undefined) {
        rmSync(this.#parts, { recursive: true });
        return { files, lanes: Object.fromEntries(ends), unsettled: check.unsettled };
      }
      wrong = found;
      await this.#pause(AGAIN_MS * Math.random());
    }
    throw new CommandFailed(
      `no moment was found at which all shards agree; try when it is calmer (${wrong || "shards keep moving"})`,
    );
  }

  close(): void {
    for (const spool of this.#spools.values()) spool.close();
  }

  get #parts(): string {
    return `${this.#run.folder}/parts`;
  }

  async #spoolOwners(): Promise<void> {
    const owners = new Set(this.#map.claims.flatMap((claim) => (claim === undefined || claim.owner === "" ? [] : [claim.owner])));
    const missing = [...owners].filter((lane) => !this.#spools.has(lane));
    const starts = await laneStarts(this.#run.connection, missing);
    for (const lane of missing) {
      const from = starts.get(lane);
      if (from !== undefined) this.#spools.set(lane, new LaneSpool(this.#lanes, lane, from as LaneSeq, this.#shards));
    }
  }

  async #copyMissing(): Promise<void> {
    const missing = this.#images.flatMap((image, shard) => (image === undefined ? [shard as ShardId] : []));
    const work = async (): Promise<void> => {
      for (let shard = missing.shift(); shard !== undefined; shard = missing.shift()) {
        this.#images[shard] = await this.#copy(shard);
        const done = this.#images.filter((image) => image !== undefined).length;
        this.#run.progress(done, this.#shards, "shards copied");
      }
    };
    await Promise.all(Array.from({ length: TOGETHER }, work));
  }

  /** Again while the shard moves, or its owner is away. */
  async #copy(shard: ShardId): Promise<Image> {
    let reason = "nobody owns it";
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      this.#run.stop.throwIfAborted();
      const claim = this.#map.claims[shard];
      const spool = this.#spools.get(claim?.owner ?? "");
      try {
        if (claim !== undefined && spool !== undefined) return await this.#copyFrom(spool, shard, claim.epoch);
      } catch (error) {
        reason = reasonOf(error);
      }
      await this.#pause(AGAIN_MS);
      this.#map = await this.#run.readMap();
      await this.#spoolOwners();
    }
    throw new CommandFailed(`shard ${shard} cannot be copied: ${reason}`);
  }

  async #copyFrom(spool: LaneSpool, shard: ShardId, epoch: number): Promise<Image> {
    const { connection, stop } = this.#run;
    const file = `${shard}-${++this.#copies}`;
    const writer = new FrameWriter(this.#parts, file);
    try {
      const first = await fetchImage(connection, spool.lane, shard, undefined);
      if (first.place.seq < spool.from - 1) throw new Error("the lane was trimmed meanwhile");
      for (let chunk: ImageChunk = first; ; chunk = await fetchImage(connection, spool.lane, shard, chunk.next)) {
        stop.throwIfAborted();
        if (chunk.epoch !== epoch) throw new Error("the shard moved");
        writer.write(chunk.rows);
        if (chunk.next === undefined) return { lane: spool.lane, epoch, seq: first.place.seq, file };
      }
    } finally {
      writer.end();
    }
  }

  /** The ends of all lanes, with the lanes read up to there; undefined when shards have moved, which are copied again then. */
  async #cut(): Promise<ReadonlyMap<string, number> | undefined> {
    const { connection, cluster } = this.#run;
    const ends = await laneEnds(connection, await listLanes(connection, cluster));
    this.#map = await this.#run.readMap();
    await this.#spoolOwners();
    let moved = false;
    this.#images.forEach((image, shard) => {
      const claim = this.#map.claims[shard];
      const isSame = claim?.epoch === image?.epoch && claim?.owner === image?.lane && ends.has(image?.lane ?? "");
      if (isSame) return;
      this.#images[shard] = undefined;
      moved = true;
    });
    if (moved) return undefined;
    await Promise.all([...ends].map(([lane, end]) => this.#spools.get(lane)?.reached(end)));
    return ends;
  }

  #fold(ends: ReadonlyMap<string, number>, check: CutCheck): BackupFile[] {
    const { folder, progress, stop } = this.#run;
    const fold = new ImageFold(this.#shards);
    return this.#images.map((image, index) => {
      stop.throwIfAborted();
      const shard = index as ShardId;
      const { lane, seq, file } = image as Image;
      const entries = this.#spools.get(lane)?.entriesOf(shard, seq, ends.get(lane) ?? 0) ?? [];
      const rows = fold.fold(shard, readRows(this.#parts, file), entries);
      check.add(shard, rows);
      const writer = new FrameWriter(folder, shardFile(shard));
      writer.write(rows);
      progress(index + 1, this.#shards, "shards written");
      return writer.end();
    });
  }

  #pause(ms: number): Promise<void> {
    return pause(ms, undefined, { signal: this.#run.stop });
  }
}
