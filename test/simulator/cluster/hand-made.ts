/** Lanes and a shard map written by hand, record by record, for the tests of the witness. */

import type { EpochMs, LaneSeq, LocationId, ReservationId, ShardId, ShardOrigin, Sku } from "../../../src/base/index.ts";
import { hash32, shardOfHash } from "../../../src/base/index.ts";
import { checksumOf, encodeJournalRecord } from "../../../src/codec/index.ts";
import { formatReservationId, type ReservationChanged } from "../../../src/reservation/index.ts";
import type { Entry, Levels } from "../../../src/shard/index.ts";
import type { StockEventKind } from "../../../src/stock/index.ts";
import { NOTHING } from "../witness.ts";
import { SimCluster } from "../world/index.ts";
import type { Claim } from "./chains.ts";
import { ClusterWitness } from "./cluster-witness.ts";

export const SHARDS = 4;
export const NEW: ShardOrigin = { kind: "new" };
const AT = 1_000 as EpochMs;
const MAP_KEY = "map";

/** The first SKU of that name and a number that lies in the shard. */
export function skuIn(shard: number, name = "sku"): Sku {
  for (let n = 0; ; n++) if (shardOfHash(hash32(`${name}-${n}`), SHARDS) === shard) return `${name}-${n}` as Sku;
}

export const HERE = "here" as LocationId;

export function place(lane: string, seq: number): ShardOrigin {
  return { kind: "place", lane, seq: seq as LaneSeq };
}

export function adopted(shard: number, epoch: number, origin: ShardOrigin): Entry {
  return { entry: "adopted", shard: shard as ShardId, epoch, origin };
}

export function released(shard: number, epoch: number, to = ""): Entry {
  return { entry: "released", shard: shard as ShardId, epoch, to };
}

export class HandMade {
  readonly cluster = new SimCluster(1);
  readonly #writers = new Map<string, number>();
  readonly #claims: (Claim | undefined)[] = Array.from({ length: SHARDS }, () => undefined);
  readonly #levels = new Map<string, Levels>();
  #ids = 0;

  /** A new writer announces itself, or seals; returns the sequence. */
  announce(lane: string): number {
    this.#writers.set(lane, this.writer(lane) + 1);
    return this.append(lane);
  }

  writer(lane: string): number {
    return this.#writers.get(lane) ?? 0;
  }

  /** One record; `change` spoils it. Returns its sequence. */
  append(
    lane: string,
    entries: readonly Entry[] = [],
    change: { lane?: string; epoch?: number; previous?: number } = {},
  ): number {
    const log = this.cluster.lane(lane);
    const newest = log.everything().at(-1);
    const previous = newest === undefined ? 0 : checksumOf(newest);
    const record = { lane, epoch: this.writer(lane), previous, at: AT, entries, ...change };
    log.store(encodeJournalRecord(record), log.last);
    return log.last;
  }

  /** Claims a shard under the newest writer of the lane, or as `change` says. */
  claim(shard: number, lane: string, epoch: number, origin: ShardOrigin, change: Partial<Claim> = {}): void {
    const at = this.cluster.lane(lane).last;
    this.#claims[shard] = { owner: lane, writer: this.writer(lane), epoch, origin, at, ...change };
    this.cluster.bucket("state").overwrite(MAP_KEY, Buffer.from(JSON.stringify(this.#claims)));
  }

  /** Announces, claims and adopts shards that are new. */
  open(lane: string, shards: readonly number[]): void {
    this.announce(lane);
    for (const shard of shards) this.claim(shard, lane, 1, NEW);
    this.append(
      lane,
      shards.map((shard) => adopted(shard, 1, NEW)),
    );
  }

  newId(sku: Sku): ReservationId {
    return formatReservationId(AT, ++this.#ids, hash32(sku));
  }

  /** An entry that changes a record by these deltas; `wrong` is added to the levels it claims. */
  stock(
    kind: StockEventKind,
    sku: Sku,
    deltas: { onHand?: number; held?: number; allocated?: number },
    { cause = `movement-${++this.#ids}`, wrong = {}, skip = 0 }: { cause?: string; wrong?: Partial<Levels>; skip?: number } = {},
  ): Entry {
    const { onHand = 0, held = 0, allocated = 0 } = deltas;
    const before = this.#levels.get(sku) ?? NOTHING;
    const after: Levels = {
      ...before,
      onHand: before.onHand + onHand,
      held: before.held + held,
      allocated: before.allocated + allocated,
      version: before.version + 1 + skip,
      updatedAt: AT,
    };
    this.#levels.set(sku, after);
    const event = {
      kind,
      sku,
      location: HERE,
      version: after.version,
      at: AT,
      occurredAt: AT,
      quantity: 1,
      onHand,
      held,
      allocated,
    };
    const rest = { unavailable: 0, cause, reason: undefined, reference: undefined };
    return { entry: "stock", event: { ...event, ...rest }, after: { ...after, ...wrong } };
  }

  made(id: ReservationId, lines: readonly (readonly [sku: Sku, quantity: number, requested?: number])[]): Entry {
    const event = {
      ...{ kind: "held" as const, id, version: 1 as const, at: AT, expiresAt: (AT + 1_000) as EpochMs, mode: "all" as const },
      lines: lines.map(([sku, quantity, requested = quantity]) => ({ sku, location: HERE, requested, quantity })),
      ...{ reference: id, channel: undefined },
    };
    return { entry: "reservation", event };
  }

  changed(id: ReservationId, change: Partial<ReservationChanged> & Pick<ReservationChanged, "kind">): Entry {
    const event = { id, version: 2, at: AT, expiresAt: (AT + 1_000) as EpochMs, changes: [], ...change };
    return { entry: "reservation", event };
  }

  witness(): ClusterWitness {
    return new ClusterWitness({
      lanes: this.cluster.lanes,
      bucket: this.cluster.bucket("state"),
      mapKey: MAP_KEY,
      shards: SHARDS,
      claimsOf: (value) => (JSON.parse(Buffer.from(value).toString()) as (Claim | null)[]).map((claim) => claim ?? undefined),
    });
  }

  /** Reads everything; throws the first violation. */
  read(): ClusterWitness {
    const witness = this.witness();
    witness.catchUp();
    return witness;
  }
}
