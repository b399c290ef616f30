/**
 * The bytes of the shard map: a format byte, then msgpack. Lanes and names of images are listed once and referred to by number, so that 4,096 shards with
 * a standby each take about 70 KB.
 */

import { Packr } from "msgpackr";
import { CorruptData, type LaneSeq, type ShardId, type ShardOrigin } from "../base/index.ts";
import { MAP_KEY, type ShardClaim, type ShardMap } from "./shard-map.ts";

export const MAP_FORMAT = 1;

const packr = new Packr({ useRecords: false });

/** `[owner, writer, epoch, at, standbys, ...origin]`; the origin is nothing (new), a name (image), or a lane and a sequence. 0 for no claim. */
type Row = readonly [owner: number, writer: number, epoch: number, at: number, standbys: readonly number[], ...origin: number[]];
type Body = readonly [
  shards: number,
  names: readonly string[],
  rows: readonly (Row | 0)[],
  draining: readonly string[],
  pins: readonly (readonly [shard: number, lane: number])[],
  life?: string,
];

class Names {
  readonly list: string[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.list.length);
    return this.list.push(name) - 1;
  }
}

/** Fresh bytes that the caller owns. O(shards). */
export function encodeShardMap(map: ShardMap): Uint8Array {
  const names = new Names();
  const rows = map.claims.map((claim) => (claim === undefined ? 0 : rowOf(claim, names)));
  const pins = [...map.pins].map(([shard, lane]): [number, number] => [shard, names.numberOf(lane)]);
  const body: Body = [map.shards, names.list, rows, map.draining, pins];
  const packed = packr.pack(map.life === undefined ? body : [...body, map.life]);
  const bytes = new Uint8Array(1 + packed.length);
  bytes[0] = MAP_FORMAT;
  bytes.set(packed, 1);
  return bytes;
}

/** Throws CorruptData when the format is unknown or the bytes are not a map. */
export function decodeShardMap(bytes: Uint8Array): ShardMap {
  if (bytes[0] !== MAP_FORMAT) throw corrupt(`format ${bytes[0]} is not known to this version, which reads ${MAP_FORMAT}`);
  let map: ShardMap;
  try {
    map = mapOf(packr.unpack(bytes.subarray(1)) as Body);
  } catch (error) {
    throw corrupt("it cannot be read", error);
  }
  if (map.claims.length !== map.shards) throw corrupt(`it has ${map.claims.length} rows for ${map.shards} shards`);
  return map;
}

function corrupt(what: string, cause?: unknown): CorruptData {
  return new CorruptData(`the shard map is damaged: ${what}`, `key ${MAP_KEY}`, { cause });
}

function rowOf({ owner, writer, epoch, origin, at, standbys }: ShardClaim, names: Names): Row {
  const lanes = standbys.map((lane) => names.numberOf(lane));
  return [names.numberOf(owner), writer, epoch, at, lanes, ...fieldsOf(origin, names)];
}

function fieldsOf(origin: ShardOrigin, names: Names): number[] {
  if (origin.kind === "new") return [];
  return origin.kind === "image" ? [names.numberOf(origin.name)] : [names.numberOf(origin.lane), origin.seq];
}

function mapOf([shards, names, rows, draining, pins, life]: Body): ShardMap {
  const nameOf = (number: number | undefined): string => {
    const name = names[number ?? -1];
    if (name === undefined) throw new Error(`it names lane ${number} of ${names.length}`);
    return name;
  };
  return {
    shards,
    claims: rows.map((row) => (row === 0 ? undefined : claimOf(row, nameOf))),
    draining,
    pins: new Map(pins.map(([shard, lane]) => [shard as ShardId, nameOf(lane)])),
    ...(life === undefined ? {} : { life }),
  };
}

function claimOf([owner, writer, epoch, at, standbys, ...origin]: Row, nameOf: (number: number) => string): ShardClaim {
  const lanes = standbys.map(nameOf);
  return { owner: nameOf(owner), writer, epoch, origin: originOf(origin, nameOf), at: at as LaneSeq, standbys: lanes };
}

function originOf([name, seq]: readonly number[], nameOf: (number: number) => string): ShardOrigin {
  if (name === undefined) return { kind: "new" };
  if (seq === undefined) return { kind: "image", name: nameOf(name) };
  return { kind: "place", lane: nameOf(name), seq: seq as LaneSeq };
}
