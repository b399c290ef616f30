/**
 * A toy that keeps the protocol of docs/spec/cluster.md as simply as can be: one member owns all shards at a time, the others watch it, and whoever takes over
 * replays everything. It proves that a right program passes the simulator, and, broken on purpose, that a wrong one does not.
 */

import type { EpochMs, Fault, ShardId, ShardOrigin } from "../../../src/base/index.ts";
import type { Grid, ReadOptions } from "../../../src/member/index.ts";
import type { KeyValue } from "../../../src/ports/index.ts";
import { pairOf } from "../witness.ts";
import type { Claim } from "./chains.ts";
import type { Program, SimNode, SimNodeOptions } from "./sim-node.ts";
import { appendBehind, hasAdopted, historyOf, sealLane, type Tip, tipOf } from "./toy-lane.ts";
import { ToyState } from "./toy-state.ts";

const STATE = "state";
const BEATS = "beats";
const KEY = "map";
const TICK_MS = 100;
const SUSPECT_BEATS = 10;

/** What may be broken on purpose. */
export type Defect =
  | "no-seal"
  | "answers-before-commit"
  | "claims-without-compare"
  | "forgets-keys"
  | "strict-reads-from-memory"
  | "never-takes-over"
  | "ignores-fencing";

interface Waiter {
  answer(): void;
  fail(fault: Fault): void;
}

class ToyNode implements SimNode {
  readonly grid: Grid;
  readonly #options: SimNodeOptions;
  readonly #defect: Defect | undefined;
  readonly #state: KeyValue;
  readonly #beats: KeyValue;
  /** Own beats since a beat of a member was seen. */
  readonly #silent = new Map<string, number>();
  #tip: Tip | undefined;
  /** Set while it leads. */
  #leads: ToyState | undefined;
  #waiting: Waiter[] = [];
  #flying = false;
  #stopped = false;
  #unique: number;

  constructor(options: SimNodeOptions, defect: Defect | undefined) {
    this.#options = options;
    this.#defect = defect;
    this.#state = options.ports.keyValue(STATE);
    this.#beats = options.ports.keyValue(BEATS);
    this.#unique = options.ports.random.uint32();
    this.grid = this.#newGrid();
  }

  async start(): Promise<void> {
    this.#beats.watch(
      (lane) => this.#silent.set(lane, 0),
      () => undefined,
    );
    this.#tick();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    while (this.#waiting.length > 0 || this.#flying)
      await new Promise<void>((resolve) => this.#options.ports.clock.after(5, resolve));
  }

  #tick(): void {
    this.#step().then(
      () => this.#tickLater(),
      (error: unknown) => {
        if (error instanceof Error && error.name === "InvariantBroken") this.#options.failed(error);
        this.#resign();
        this.#tickLater();
      },
    );
  }

  #tickLater(): void {
    if (!this.#stopped) this.#options.ports.clock.after(TICK_MS, () => this.#tick());
  }

  async #step(): Promise<void> {
    const { lane, ports } = this.#options;
    this.#beats.overwrite(lane, new Uint8Array(1)).then(
      () => this.#silent.forEach((beats, other) => void this.#silent.set(other, beats + 1)),
      () => undefined,
    );
    this.#tip ??= await appendBehind(ports, ports.journal, lane, await tipOf(ports.journal), []);
    if (this.#leads !== undefined) return;
    const entry = await this.#state.get(KEY);
    const claim = entry === undefined ? undefined : claimOf(entry.value);
    if (claim?.owner === lane && claim.writer === this.#tip.writer) return await this.#lead(claim);
    const origin = await this.#originAfter(claim);
    if (origin === undefined) return;
    const next: Claim = { owner: lane, writer: this.#tip.writer, epoch: (claim?.epoch ?? 0) + 1, origin, at: this.#tip.seq };
    const bytes = Buffer.from(JSON.stringify(next));
    if (this.#defect === "claims-without-compare") await this.#state.overwrite(KEY, bytes);
    else await this.#state.put(KEY, bytes, entry?.revision ?? 0);
  }

  /** Where to continue after a claim of somebody else or of an earlier self; undefined while that is not due. */
  async #originAfter(claim: Claim | undefined): Promise<ShardOrigin | undefined> {
    const { lane, ports } = this.#options;
    if (claim === undefined) return { kind: "new" };
    const own = claim.owner === lane;
    if (!own && (this.#silent.get(claim.owner) ?? SUSPECT_BEATS) < SUSPECT_BEATS) return undefined;
    if (!own && this.#defect === "never-takes-over") return undefined;
    const seals = !own && this.#defect !== "no-seal";
    const tip = own
      ? (this.#tip as Tip)
      : seals
        ? await sealLane(ports, claim.owner, claim.writer)
        : await tipOf(await ports.lanes.open(claim.owner));
    const place = { lane: claim.owner, seq: tip.seq };
    return (await hasAdopted(ports.lanes, place, claim.epoch)) ? { kind: "place", ...place } : claim.origin;
  }

  async #lead({ epoch, origin }: Claim): Promise<void> {
    const { lane, ports, shards } = this.#options;
    const state = new ToyState();
    for (const entry of await historyOf(ports.lanes, origin)) {
      if (this.#defect !== "forgets-keys" || entry.entry !== "key") state.apply(entry);
    }
    const adoptions = Array.from({ length: shards }, (_, shard) => ({
      entry: "adopted" as const,
      shard: shard as ShardId,
      epoch,
      origin,
    }));
    this.#tip = await appendBehind(ports, ports.journal, lane, this.#tip as Tip, adoptions);
    this.#leads = state;
    this.#expireLater();
  }

  #resign(): void {
    this.#leads = undefined;
    this.#tip = undefined;
    for (const waiter of this.#waiting.splice(0)) waiter.fail(fault("outcome-unknown"));
  }

  #expireLater(): void {
    const state = this.#leads;
    const { clock } = this.#options.ports;
    if (state === undefined || this.#stopped) return;
    const delayMs = Math.min(250, Math.max(1, state.expire(clock.now()) - clock.now()));
    this.#flush();
    clock.after(delayMs, () => this.#expireLater());
  }

  #run<R>(done: (result: R | Fault) => void, decide: (state: ToyState, now: EpochMs) => R | Fault, strict = false): void {
    const { clock } = this.#options.ports;
    const state = this.#leads;
    if (state === undefined || this.#stopped) return clock.soon(() => done(fault("not-ready")));
    const result = decide(state, clock.now());
    if (strict && this.#defect !== "strict-reads-from-memory") state.entries.push({ entry: "barrier" });
    if (this.#defect === "answers-before-commit") clock.soon(() => done(result));
    else this.#waiting.push({ answer: () => done(result), fail: done });
    clock.soon(() => this.#flush());
  }

  /** One batch in flight at a time. */
  #flush(): void {
    const state = this.#leads;
    if (state === undefined || this.#flying) return;
    const waiting = this.#waiting.splice(0);
    const entries = state.entries;
    if (entries.length === 0) return waiting.forEach((waiter) => void waiter.answer());
    state.entries = [];
    this.#flying = true;
    const { lane, ports } = this.#options;
    appendBehind(ports, ports.journal, lane, this.#tip as Tip, entries).then(
      (tip) => {
        this.#flying = false;
        this.#tip = tip;
        for (const waiter of waiting) waiter.answer();
        this.#flush();
      },
      (error: Error) => this.#lost(error, waiting),
    );
  }

  #lost(error: Error, waiting: readonly Waiter[]): void {
    this.#flying = false;
    const ignores = this.#defect === "ignores-fencing" && error.message.endsWith("wrong-sequence");
    for (const waiter of waiting) {
      if (ignores) waiter.answer();
      else waiter.fail(fault("outcome-unknown"));
    }
    this.#resign();
  }

  #newGrid(): Grid {
    const read =
      <T>(value: (state: ToyState) => T) =>
      (state: ToyState): { readonly kind: "read"; readonly value: T } => ({ kind: "read", value: value(state) });
    return {
      reserve: (command, done) => this.#run(done, (state, now) => state.reserve(command, now, this.#unique++)),
      transit: (command, done) => this.#run(done, (state, now) => state.transit(command, now)),
      move: (movement, done) => this.#run(done, (state, now) => state.move(movement, now)),
      putLocation: (location, done) =>
        this.#run(done, (state, now) => {
          const kind = state.locations.has(location.id) ? ("replaced" as const) : ("created" as const);
          return { kind, location: state.putLocation(location, now) };
        }),
      reservation: (id, done) =>
        this.#run(
          done,
          read((state) => state.reservations.get(id)),
        ),
      record: (sku, location, done, options?: ReadOptions) =>
        this.#run(
          done,
          read((state) => state.records.get(pairOf({ sku, location }))),
          options?.strict,
        ),
      stock: (_sku, done) => done(fault("not-ready")),
      availability: (_skus, _locations, done) => done(fault("not-ready")),
      location: (_id, done) => done(fault("not-ready")),
      locations: (_after, _limit, done) => done(fault("not-ready")),
    };
  }
}

function fault(code: Fault["code"]): Fault {
  return { kind: "fault", code, retryAfterMs: 0, detail: "the toy does not lead" };
}

function claimOf(value: Uint8Array): Claim {
  return JSON.parse(Buffer.from(value).toString()) as Claim;
}

/** The toy as a program, sound or with one defect. */
export function toyProgram(defect?: Defect): (shards: number) => Program {
  return (shards) => ({
    nodeOf: (options) => new ToyNode(options, defect),
    stateBucket: STATE,
    mapKey: KEY,
    claimsOf: (value) => Array.from({ length: shards }, () => claimOf(value)),
  });
}
