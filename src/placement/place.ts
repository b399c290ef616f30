/**
 * Who should own each shard, and who should stand by for it: a pure function of the members, the same on each of them.
 *
 * Rendezvous hashing with bounded load, played as a draft: every member has its own shuffled list of all shards, and in round *r* asks for the *r*-th of
 * it; a shard goes to the first that asks and has room. The lists being permutations, rather than independent scores, takes most of the chance out of how
 * many shards a join moves. docs/adr/0006 has the figures; test/placement/place.test.ts measures them.
 *
 * P1. The order of the input does not matter.
 * P2. No member owns more than `ceil(shards / members * LOAD_BOUND)` shards, pinned ones aside.
 * P3. A standby is on another node than the owner; there is none when there is no other node.
 * P4. Nothing is placed on a draining node, but for what is pinned to it.
 */

import { hash32, type ShardId } from "../base/index.ts";

/** Most shards of a member as a multiple of the average. Chosen by measurement: lower moves more on a join, higher is less even. */
export const LOAD_BOUND = 1.08;
/** Most standbys of a member as a multiple of the average; gives way where there is no other node to choose. */
const STANDBY_BOUND = 1.2;

export interface Candidate {
  readonly lane: string;
  readonly node: string;
}

export interface Placement {
  /** Undefined when no member may own it. */
  readonly owner: string | undefined;
  /** Best first; fewer than asked for when there are not so many other nodes. */
  readonly standbys: readonly string[];
}

export interface PlaceOptions {
  /** Nodes that are to own nothing and stand by for nothing. */
  readonly draining?: readonly string[];
  /** Shards that go to a member whatever else holds, if it is there. */
  readonly pins?: ReadonlyMap<ShardId, string>;
  /** Standbys of each shard, 1 unless said. */
  readonly standbys?: number;
}

interface Player extends Candidate {
  readonly seed: number;
  readonly draining: boolean;
  /** All shards, most wanted first. */
  readonly wishes: Uint32Array;
  owned: number;
  standing: number;
}

/** One element a shard. O(members * shards * log shards). */
export function place(members: readonly Candidate[], shards: number, options: PlaceOptions = {}): Placement[] {
  const everyone = playersOf(members, shards, new Set(options.draining));
  const players = everyone.filter((player) => !player.draining);
  const owners = new Array<Player | undefined>(shards).fill(undefined);
  placePinned(owners, everyone, options.pins);
  draftOwners(owners, players);
  const standbys = Array.from({ length: shards }, (): Player[] => []);
  for (let turn = 0; turn < (options.standbys ?? 1); turn++) new StandbyDraft(owners, standbys, players, turn).run();
  return owners.map((owner, shard) => ({ owner: owner?.lane, standbys: (standbys[shard] as Player[]).map(({ lane }) => lane) }));
}

/** Two numbers to one of 32 bits, each bit of it depending on all of theirs: the finaliser of MurmurHash3. */
function mix(seed: number, number: number): number {
  let hash = seed ^ Math.imul(number + 1, 0x9e3779b1);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function playersOf(members: readonly Candidate[], shards: number, draining: ReadonlySet<string>): Player[] {
  const sorted = [...new Map(members.map((member) => [member.lane, member])).values()].sort(byLane);
  return sorted.map(({ lane, node }) => {
    const seed = hash32(lane);
    return { lane, node, seed, draining: draining.has(node), wishes: wishesOf(seed, shards), owned: 0, standing: 0 };
  });
}

function byLane(a: Candidate, b: Candidate): number {
  return a.lane < b.lane ? -1 : 1;
}

/** The shards 0 to `shards - 1`, shuffled by the seed. */
function wishesOf(seed: number, shards: number): Uint32Array {
  const keys = new Float64Array(shards);
  for (let shard = 0; shard < shards; shard++) keys[shard] = mix(seed, shard) * shards + shard;
  keys.sort();
  return Uint32Array.from(keys, (key) => key % shards);
}

/** Calls back with every member and the shard it asks for, round by round, until `isOver`. */
function draft(
  players: readonly Player[],
  shards: number,
  isOver: () => boolean,
  ask: (player: Player, shard: number) => void,
): void {
  for (let round = 0; round < shards && !isOver(); round++) {
    const turns = players.map((player) => ({ player, turn: mix(player.seed, shards + round) }));
    turns.sort((a, b) => a.turn - b.turn || byLane(a.player, b.player));
    for (const { player } of turns) ask(player, player.wishes[round] as number);
  }
}

function placePinned(owners: (Player | undefined)[], everyone: readonly Player[], pins: PlaceOptions["pins"]): void {
  const byName = new Map(everyone.map((player) => [player.lane, player]));
  for (const [shard, lane] of pins ?? []) {
    const player = byName.get(lane);
    if (player === undefined || shard >= owners.length || owners[shard] !== undefined) continue;
    owners[shard] = player;
    player.owned++;
  }
}

function draftOwners(owners: (Player | undefined)[], players: readonly Player[]): void {
  const most = Math.ceil((owners.length / players.length) * LOAD_BOUND);
  let free = owners.filter((owner) => owner === undefined).length;
  const isOver = (): boolean => free === 0;
  draft(players, owners.length, isOver, (player, shard) => {
    if (player.owned >= most || owners[shard] !== undefined) return;
    owners[shard] = player;
    player.owned++;
    free--;
  });
}

/**
 * The same draft for standbys. A member may take of one node's shards only as many as it would have room for if that node were away: so the standbys are,
 * for the most part, who would own the shards then, and a node that dies leaves an even load behind.
 */
class StandbyDraft {
  readonly #owners: readonly (Player | undefined)[];
  readonly #standbys: readonly Player[][];
  readonly #players: readonly Player[];
  readonly #turn: number;
  readonly #most: number;
  readonly #room = new Map<string, Map<Player, number>>();
  #wanting: number;

  constructor(owners: readonly (Player | undefined)[], standbys: readonly Player[][], players: readonly Player[], turn: number) {
    this.#owners = owners;
    this.#standbys = standbys;
    this.#players = players;
    this.#turn = turn;
    this.#most = Math.ceil((owners.length / players.length) * (turn + 1) * STANDBY_BOUND);
    this.#wanting = owners.length;
    for (const node of new Set(players.map((player) => player.node))) this.#room.set(node, this.#roomWithout(node));
  }

  run(): void {
    const isOver = (): boolean => this.#wanting === 0;
    draft(this.#players, this.#owners.length, isOver, (player, shard) => this.#ask(player, shard));
    for (let shard = 0; shard < this.#owners.length; shard++) this.#fillUp(shard);
  }

  #roomWithout(node: string): Map<Player, number> {
    const others = this.#players.filter((player) => player.node !== node);
    const most = Math.ceil((this.#owners.length / others.length) * LOAD_BOUND);
    return new Map(others.map((player) => [player, most - player.owned]));
  }

  #ask(player: Player, shard: number): void {
    const room = this.#room.get(this.#owners[shard]?.node ?? "");
    const left = room?.get(player) ?? 0;
    if (left <= 0 || player.standing >= this.#most || !this.#mayStandBy(player, shard)) return;
    room?.set(player, left - 1);
    this.#take(player, shard);
  }

  #mayStandBy(player: Player, shard: number): boolean {
    const owner = this.#owners[shard];
    const standbys = this.#standbys[shard] as Player[];
    if (owner === undefined || owner.node === player.node || standbys.length > this.#turn) return false;
    return standbys.every((other) => other.node !== player.node);
  }

  #take(player: Player, shard: number): void {
    (this.#standbys[shard] as Player[]).push(player);
    player.standing++;
    this.#wanting--;
  }

  /** For what nobody had room for: whoever stands by for least. */
  #fillUp(shard: number): void {
    if ((this.#standbys[shard] as Player[]).length > this.#turn) return;
    let least: Player | undefined;
    for (const player of this.#players) {
      if (this.#mayStandBy(player, shard) && (least === undefined || player.standing < least.standing)) least = player;
    }
    if (least !== undefined) this.#take(least, shard);
  }
}
