/**
 * This member's copy of the shard map, and the only way it changes the original.
 *
 * C1. At most one compare-and-set is on its way, and it names the revision of the copy it was made from.
 * C2. After one that was refused, or whose outcome is unknown, the map is read anew before the next. One that lands late is no harm: what a claim rests on
 *     (a release, a seal, the claimant's own announcement) does not become untrue.
 * C3. The copy goes forward only.
 */

import type { Clock, KeyValue, KeyValueEntry, Log } from "../ports/index.ts";
import { firstMap } from "./map-changes.ts";
import { decodeShardMap, encodeShardMap } from "./map-codec.ts";
import { MAP_KEY, type ShardMap } from "./shard-map.ts";

const READ_AGAIN_MS = 200;
/** Administrative changes that may wait at once. */
const EDITS_MAX = 1_000;

export interface MapCellOptions {
  readonly bucket: KeyValue;
  readonly clock: Clock;
  readonly log: Log;
  /** Shards of a cluster that has no map yet; a map with another number is refused. */
  readonly shards: number;
  /** Why the first map must not be made, if so: the member has shards already. */
  readonly whyNotFirst: () => string | undefined;
  readonly onChange: () => void;
  /** The map cannot be used: the node has to stop. */
  readonly onFatal: (error: Error) => void;
}

interface Edit {
  readonly apply: (map: ShardMap) => ShardMap;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class MapCell {
  readonly counts = { conflicts: 0, unknown: 0 };
  readonly #options: MapCellOptions;
  #edits: Edit[] = [];
  #map: ShardMap | undefined;
  #revision = 0;
  #uncertainAt: number | undefined;
  #isBusy = false;
  #isPutting = false;
  #isStopped = false;
  #unwatch: () => void = () => undefined;
  #wake: (() => void) | undefined;

  constructor(options: MapCellOptions) {
    this.#options = options;
  }

  get map(): ShardMap | undefined {
    return this.#map;
  }

  get revision(): number {
    return this.#revision;
  }

  /** A change that this member proposed may still land: it is on its way, or names the revision that the map has. Whatever it rests on has to be kept until then. */
  get isUncertain(): boolean {
    return this.#isPutting || this.#uncertainAt === this.#revision;
  }

  /** Something waits for the next compare-and-set. */
  get hasEdits(): boolean {
    return this.#edits.length > 0;
  }

  /** Reads the map, or makes the first, and follows it from then on. */
  start(): void {
    this.#isBusy = true;
    void this.#readAgain().then(() => {
      this.#isBusy = false;
      if (!this.#isStopped)
        this.#unwatch = this.#options.bucket.watch(
          (key, entry) => this.#onWatched(key, entry),
          () => undefined,
        );
      this.#options.onChange();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#unwatch();
    this.#wake?.();
    for (const { reject } of this.#edits) reject(new Error("the node stops"));
    this.#edits = [];
  }

  /** Applies a change with the next compare-and-set, again and again until it is in the map. Rejects with what `apply` throws. */
  edit(apply: Edit["apply"]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isStopped || this.#edits.length >= EDITS_MAX) {
        reject(new Error(this.#isStopped ? "the node stops" : "too many changes of the shard map are waiting"));
        return;
      }
      this.#edits.push({ apply, resolve, reject });
      this.#options.onChange();
    });
  }

  /**
   * Tries once to replace the map by what the waiting edits and then `change` make of it. Undefined when there is nothing to change or another attempt is on
   * its way; else resolves to whether this one won, after the copy is up to date again.
   */
  tryChange(change: (map: ShardMap) => ShardMap): Promise<boolean> | undefined {
    const before = this.#map;
    if (before === undefined || this.#isBusy || this.#isStopped) return undefined;
    const [edited, edits] = this.#applyEdits(before);
    const next = change(edited);
    if (next === before) {
      this.#finish(edits);
      return undefined;
    }
    this.#isBusy = true;
    return this.#replace(next, edits).finally(() => {
      this.#isBusy = false;
      this.#options.onChange();
    });
  }

  /** The map after the edits that do not throw, and those. */
  #applyEdits(before: ShardMap): [ShardMap, ReadonlySet<Edit>] {
    let map = before;
    const applied = new Set<Edit>();
    for (const edit of this.#edits) {
      try {
        map = edit.apply(map);
        applied.add(edit);
      } catch (error) {
        edit.reject(error);
      }
    }
    this.#edits = this.#edits.filter((edit) => applied.has(edit));
    return [map, applied];
  }

  #finish(edits: ReadonlySet<Edit>): void {
    this.#edits = this.#edits.filter((edit) => !edits.has(edit));
    for (const edit of edits) edit.resolve();
  }

  async #replace(next: ShardMap, edits: ReadonlySet<Edit>): Promise<boolean> {
    const expected = this.#revision;
    try {
      const revision = await this.#put(next, expected);
      if (revision !== undefined) {
        this.#accept(next, revision);
        this.#finish(edits);
        return true;
      }
      this.counts.conflicts++;
    } catch (error) {
      this.counts.unknown++;
      this.#uncertainAt = expected;
      this.#options.log.warn({ error }, "the outcome of a change of the shard map is unknown: reading it again");
    }
    await this.#readAgain();
    return false;
  }

  #put(next: ShardMap, expected: number): Promise<number | undefined> {
    this.#isPutting = true;
    return this.#options.bucket.put(MAP_KEY, encodeShardMap(next), expected).finally(() => {
      this.#isPutting = false;
    });
  }

  /** Until the leader of the bucket has answered. */
  async #readAgain(): Promise<void> {
    while (!this.#isStopped) {
      try {
        const entry = await this.#options.bucket.get(MAP_KEY);
        if (entry !== undefined) {
          this.#onEntry(entry);
          return;
        }
        await this.#makeFirst();
      } catch (error) {
        this.#options.log.warn({ error }, "the shard map could not be read: trying again");
        await this.#pause();
      }
    }
  }

  async #makeFirst(): Promise<void> {
    const why = this.#map === undefined ? this.#options.whyNotFirst() : "it was there before";
    if (why !== undefined)
      return this.#fail(new Error(`the shard map is missing and must not be made anew: ${why}; restore the bucket`));
    await this.#options.bucket.put(MAP_KEY, encodeShardMap(firstMap(this.#options.shards)), 0);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      this.#options.clock.after(READ_AGAIN_MS, resolve);
    });
  }

  #onWatched(key: string, entry: KeyValueEntry | undefined): void {
    if (key !== MAP_KEY || entry === undefined || this.#isStopped) return;
    if (this.#onEntry(entry)) this.#options.onChange();
  }

  /** Whether the entry was news. */
  #onEntry({ value, revision }: KeyValueEntry): boolean {
    if (revision <= this.#revision) return false;
    try {
      return this.#accept(decodeShardMap(value), revision);
    } catch (error) {
      this.#fail(error as Error);
      return false;
    }
  }

  #accept(map: ShardMap, revision: number): boolean {
    if (map.shards !== this.#options.shards) {
      const { shards } = this.#options;
      this.#fail(
        new Error(
          `the cluster has ${map.shards} shards, this node is set to ${shards}: set STOCKGRID_SHARDS=${map.shards}, or reshard`,
        ),
      );
      return false;
    }
    if (revision <= this.#revision) return false;
    this.#map = map;
    this.#revision = revision;
    return true;
  }

  #fail(error: Error): void {
    if (this.#isStopped) return;
    this.stop();
    this.#options.onFatal(error);
  }
}
