/** What is asked of the owner of a shard, as data: what it may change, where it belongs, and how a member is given it. */

import type { Fault } from "../base/index.ts";
import { hash32, type LocationId, type ReservationId, type ShardId, type Sku, shardOfHash } from "../base/index.ts";
import {
  type FollowAnswer,
  type FollowAsk,
  firstSku,
  type Grid,
  type HoldAnswer,
  type HoldAsk,
  type MovementClaimAnswer,
  type MovementClaimAsk,
  type MovementResult,
  type Peers,
  type Read,
  type Reserve,
  type ReserveResult,
  type Transit,
  type TransitResult,
} from "../member/index.ts";
import { type Reservation, skuHashOfReservationId } from "../reservation/index.ts";
import type { Movement, StockRecord } from "../stock/index.ts";

export type Command =
  | { readonly op: "reserve"; readonly reserve: Reserve }
  | { readonly op: "transit"; readonly transit: Transit }
  | { readonly op: "move"; readonly movement: Movement }
  | { readonly op: "reservation"; readonly id: ReservationId }
  | { readonly op: "stock"; readonly sku: Sku; readonly strict: boolean }
  | { readonly op: "record"; readonly sku: Sku; readonly location: LocationId; readonly strict: boolean }
  | { readonly op: "availability"; readonly skus: readonly Sku[]; readonly locations: readonly LocationId[] | undefined }
  | { readonly op: "hold"; readonly shard: ShardId; readonly ask: HoldAsk }
  | { readonly op: "follow"; readonly shard: ShardId; readonly ask: FollowAsk }
  | { readonly op: "claimMovement" | "freeMovement"; readonly shard: ShardId; readonly ask: MovementClaimAsk };

export type Answer =
  | ReserveResult
  | TransitResult
  | MovementResult
  | Read<Reservation | undefined>
  | Read<readonly StockRecord[]>
  | Read<StockRecord | undefined>
  | HoldAnswer
  | FollowAnswer
  | MovementClaimAnswer
  | Fault;

/** What the router asks of the member in its own thread. Locations are in the book. */
export interface LocalMember extends Omit<Grid, "putLocation" | "location" | "locations">, Peers {
  /** Whether a command for the shard, given now, in this very call, would be taken: not answered `not-owner`, nor `not-ready` for the shard. O(1). */
  serves(shard: ShardId): boolean;
}

export function shardOfSku(sku: Sku, shards: number): ShardId {
  return shardOfHash(hash32(sku), shards);
}

/** The shard that answers. An id that no reservation can have is in no shard; any answers that it is not known. */
export function shardOf(command: Command, shards: number): ShardId {
  switch (command.op) {
    case "reserve":
      return shardOfSku(firstSku(command.reserve.lines), shards);
    case "transit":
      return shardOfHash(skuHashOfReservationId(command.transit.id) ?? 0, shards);
    case "reservation":
      return shardOfHash(skuHashOfReservationId(command.id) ?? 0, shards);
    case "move":
      return shardOfSku(command.movement.sku, shards);
    case "stock":
    case "record":
      return shardOfSku(command.sku, shards);
    case "availability":
      return shardOfSku(command.skus[0] as Sku, shards);
    default:
      return command.shard;
  }
}

/** Whether the member serves all that the command touches. */
export function servesAll(member: LocalMember, command: Command, shards: number): boolean {
  if (command.op !== "availability") return member.serves(shardOf(command, shards));
  return command.skus.every((sku) => member.serves(shardOfSku(sku, shards)));
}

export function isRead(command: Command): boolean {
  return command.op === "reservation" || command.op === "stock" || command.op === "record" || command.op === "availability";
}

/** Whether asking twice is as good as asking once, so that an owner that does not answer may be asked again. */
export function isRepeatable(command: Command): boolean {
  if (command.op === "reserve") return command.reserve.idempotency !== undefined;
  if (command.op === "transit") return command.transit.idempotency !== undefined;
  return true;
}

/** Gives the command to the member. `done` is called as the member calls it. */
export function runLocally(member: LocalMember, command: Command, done: (answer: Answer) => void): void {
  switch (command.op) {
    case "reserve":
      return member.reserve(command.reserve, done);
    case "transit":
      return member.transit(command.transit, done);
    case "move":
      return member.move(command.movement, done);
    case "reservation":
      return member.reservation(command.id, done);
    case "stock":
      return member.stock(command.sku, done, { strict: command.strict });
    case "record":
      return member.record(command.sku, command.location, done, { strict: command.strict });
    case "availability":
      return member.availability(command.skus, command.locations, done);
    case "hold":
      return member.hold(command.shard, command.ask, done);
    case "follow":
      return member.follow(command.shard, command.ask, done);
    case "claimMovement":
      return member.claimMovement(command.shard, command.ask, done);
    case "freeMovement":
      return member.freeMovement(command.shard, command.ask, done);
  }
}
