/**
 * The production member as a program of the simulator: member, keeper, router and book of locations, wired as `src/member-main.ts` wires them, over the
 * simulated ports. What has no port there has a stand-in here: images go over a channel of their own, and the feed passes each checkpoint one later.
 */

import type { LaneSeq } from "../../../src/base/index.ts";
import { LatePeers } from "../../../src/late-peers.ts";
import { LocationBook } from "../../../src/locations/index.ts";
import { type Grid, Member, type MemberPhase, type Peers } from "../../../src/member/index.ts";
import { decodeShardMap, Keeper, MAP_KEY } from "../../../src/placement/index.ts";
import type { KeyValue, Links } from "../../../src/ports/index.ts";
import { Router, splitLinks } from "../../../src/router/index.ts";
import { SimImages } from "./sim-images.ts";
import type { Program, SimNode, SimNodeOptions } from "./sim-node.ts";

const STATE = "STOCKGRID_STATE_sim";
const MEMBERS = "STOCKGRID_MEMBERS_sim";
/** How long a node gives its shards away before it stops without, ms. */
const LEAVE_MS = 10_000;
const CHANNELS = 2;

class ProductionNode implements SimNode {
  readonly grid: Grid;
  readonly #options: SimNodeOptions;
  readonly #book: LocationBook;
  readonly #member: Member;
  readonly #keeper: Keeper;
  #published = 0 as LaneSeq;

  constructor(options: SimNodeOptions) {
    this.#options = options;
    const { ports, lane } = options;
    const [commands, bulk] = splitLinks(ports.links, CHANNELS) as [Links, Links];
    const state = ports.keyValue(STATE);
    this.#book = new LocationBook(state, ports.clock);
    const images = new SimImages(bulk, ports.clock, (...asked) => this.#member.image(...asked));
    const peers = new LatePeers();
    this.#member = this.#newMember(images, peers);
    const router = new Router({
      ...{ lane, links: commands, clock: ports.clock, random: ports.random, log: ports.log },
      shards: options.shards,
      member: this.#member,
      locations: this.#book,
      ownerOf: (shard) => this.#keeper.owners.of(shard)?.lane,
    });
    peers.are(router);
    this.#keeper = this.#newKeeper(state, router);
    this.grid = router;
  }

  get phase(): MemberPhase {
    return this.#member.phase;
  }

  async start(): Promise<void> {
    await Promise.all([this.#member.start(), this.#book.settled]);
    this.#keeper.start();
  }

  async stop(): Promise<void> {
    await this.#keeper.leave(LEAVE_MS);
    await this.#member.stop();
    this.#book.close();
  }

  #newMember(images: SimImages, peers: Peers): Member {
    const { ports, lane, shards, limits } = this.#options;
    const { clock, random, journal, lanes, store, log } = ports;
    return new Member({
      ...{ lane, shards, limits, images, peers },
      ports: { clock, random, journal, lanes, store, log },
      locations: this.#book,
      trimFloor: () => this.#trimFloor(),
      observer: { failed: (error) => this.#options.failed(error), hostChanged: () => this.#keeper.poke() },
    });
  }

  #newKeeper(state: KeyValue, router: Router): Keeper {
    const { ports, node, shards } = this.#options;
    const { clock, log } = ports;
    const keeper = new Keeper({
      ...{ host: this.#member.host, state, clock, log, node, shards },
      members: ports.keyValue(MEMBERS),
      version: "sim",
      httpUrl: "",
      onFatal: (error) => this.#options.failed(error),
    });
    keeper.owners.onChange(() => router.ownersChanged());
    keeper.beats.onChange(() => {
      for (const { lane } of keeper.beats.members()) if (keeper.beats.suspected(lane)) router.peerGone(lane);
    });
    return keeper;
  }

  /** The feed stands where the lane was when this was asked last. */
  #trimFloor(): LaneSeq {
    const published = this.#published;
    this.#published = this.#member.host.tenure()?.position ?? published;
    return Math.min(published, this.#keeper.trimFloor()) as LaneSeq;
  }
}

/** The production program. */
export function productionProgram(): Program {
  return {
    nodeOf: (options) => new ProductionNode(options),
    stateBucket: STATE,
    mapKey: MAP_KEY,
    claimsOf: (value) => decodeShardMap(value).claims,
  };
}
