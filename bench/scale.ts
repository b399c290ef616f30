/**
 * The figures that docs/scale.md calculates with, each measured here: `node scripts/run.mjs bench/scale.ts`. Sizes are exact; times are of one run and
 * of this machine.
 */

import { type EpochMs, hash32, type LaneSeq, type LocationId, type ShardId, type Sku } from "../src/base/index.ts";
import { encodeJournalRecord, encodeStockRecord } from "../src/codec/index.ts";
import { encodeMember, encodeShardMap, type MemberInfo, place, type ShardClaim, type ShardMap } from "../src/placement/index.ts";
import { formatReservationId } from "../src/reservation/index.ts";
import type { Entry } from "../src/shard/index.ts";
import { emptyRecord } from "../src/stock/index.ts";

const AT = 1_767_225_600_000 as EpochMs;
const COMMANDS = 100;
const LOCATION = "store-0042" as LocationId;
const KEY_BYTES = 36;

function held(index: number, withKey: boolean): Entry[] {
  const sku = `SKU-${String(index).padStart(9, "0")}` as Sku;
  const id = formatReservationId(AT, index * 7_919, hash32(sku));
  const lines = [{ sku, location: LOCATION, requested: 1, quantity: 1 }];
  const none = { reference: undefined, channel: undefined };
  const levels = { onHand: 120, held: 3, allocated: 2, unavailable: 0, inbound: 0, safetyStock: 0, version: 12, updatedAt: AT };
  const deltas = { quantity: 1, onHand: 0, held: 1, allocated: 0, unavailable: 0 };
  const place = { sku, location: LOCATION, version: 12, at: AT, occurredAt: AT };
  const expiresAt = (AT + 900_000) as EpochMs;
  const entries: Entry[] = [
    { entry: "reservation", event: { kind: "held", id, version: 1, at: AT, expiresAt, mode: "all", lines, ...none } },
    {
      entry: "stock",
      event: { kind: "held", ...place, ...deltas, cause: id, reason: undefined, reference: undefined },
      after: levels,
    },
  ];
  const key = "k".repeat(KEY_BYTES);
  if (withKey) entries.push({ entry: "key", sku, key, fingerprint: "f".repeat(22), reservation: id, at: AT });
  return entries;
}

function journalBytes(withKey: boolean): number {
  const entries = Array.from({ length: COMMANDS }, (_, index) => held(index, withKey)).flat();
  return encodeJournalRecord({ lane: "default_node-1_0", epoch: 3, previous: 1, at: AT, entries }).length / COMMANDS;
}

function lanesOf(members: number): string[] {
  return Array.from({ length: members }, (_, index) => `default_node-${index >> 3}_${index & 7}`);
}

function mapOf(shards: number, members: number): ShardMap {
  const lanes = lanesOf(members);
  const laneOf = (index: number): string => lanes[index % members] as string;
  const claims = Array.from({ length: shards }, (_, shard): ShardClaim => {
    const origin = { kind: "place", lane: laneOf(shard + 1), seq: 123_456 as LaneSeq } as const;
    return { owner: laneOf(shard), writer: 3, epoch: 4, origin, at: 4_567 as LaneSeq, standbys: [laneOf(shard + 2)] };
  });
  return { shards, claims, draining: [], pins: new Map<ShardId, string>() };
}

function milliseconds(work: () => void): string {
  const begun = performance.now();
  work();
  return `${(performance.now() - begun).toFixed(0)} ms`;
}

function placing(shards: number, members: number): string {
  const list = lanesOf(members).map((lane) => ({ lane, node: lane.replace(/_\d+$/, "") }));
  return milliseconds(() => void place(list, shards, { draining: [], pins: new Map(), standbys: 1 }));
}

function beatBytes(followed: number): number {
  const durable = Object.fromEntries(lanesOf(followed).map((lane) => [lane, 1_234_567 as LaneSeq]));
  const info: MemberInfo = {
    ...{ lane: "default_node-1_0", node: "node-1", writer: 3, state: "serving", beat: 12_345, version: "0.2.0" },
    httpUrl: "http://10.0.0.1:8080",
    durable,
  };
  return encodeMember(info).length;
}

function say(what: string, value: string | number): void {
  process.stdout.write(`${what.padEnd(64)} ${value}\n`);
}

say("journal bytes a reservation of one line", journalBytes(false));
say(`the same with an idempotency key of ${KEY_BYTES} characters`, journalBytes(true));
say("snapshot bytes of a stock record, without its key", encodeStockRecord(emptyRecord("s" as Sku, LOCATION)).length);
for (const [shards, members] of [
  [256, 3],
  [4_096, 100],
  [16_384, 1_000],
  [65_536, 8_000],
] as const) {
  const map = mapOf(shards, members);
  const bytes = encodeShardMap(map).length;
  say(`bytes of the shard map, ${shards} shards, ${members} members`, bytes);
  say(
    "  time to encode it",
    milliseconds(() => void encodeShardMap(map)),
  );
}
for (const [shards, members] of [
  [256, 3],
  [1_024, 24],
  [4_096, 100],
] as const) {
  say(`time to place ${shards} shards on ${members} members`, placing(shards, members));
}
for (const followed of [1, 10, 100]) say(`bytes of a beat of a member that follows ${followed} lanes`, beatBytes(followed));
