/** One run of a cluster: a seed, its world, its clients and faults, a calm end, and the checks that follow. */

import { hash32, type ReservationId, type ShardId, type Sku, shardOfHash } from "../../../src/base/index.ts";
import { Client, type ClientWorld, isRepeatable, type Reached, send } from "../client.ts";
import { type Answer, Judge, type Seen } from "../judge.ts";
import { type Catalogue, catalogueOf, idOf, nextOperation, type Operation, openingReceipt } from "../operations.ts";
import { Trace } from "../trace.ts";
import { mustHold, Violation } from "../violation.ts";
import { free, pairOf, sameLevels } from "../witness.ts";
import { CALM, SimCluster, SimRandom } from "../world/index.ts";
import { ClusterHost, type Running, type Slot } from "./cluster-host.ts";
import { type ClusterPlan, clusterPlanOf } from "./cluster-plan.ts";
import { ClusterWitness } from "./cluster-witness.ts";
import { Faults } from "./faults.ts";
import type { Program } from "./sim-node.ts";

/** Answers that say that the movement is committed. */
const MOVED: ReadonlySet<string> = new Set(["applied", "duplicate", "pending"]);
/** Seeds up to here ask what they did before there were reversals, so that what they once found stays found. */
const REVERSALS_FROM = 5_000;
const CLIENT_STREAM = 100;
const ASK_STREAM = 7;
/** Longest virtual time a run may take to settle, ms. */
const SETTLE_MS_MAX = 300_000;
/** Longest virtual time from the end of the faults until every shard is served, ms. */
const SERVED_MS_MAX = 60_000;
/** Longer than any hold of the scenario, ms. */
const HOLDS_END_MS = 61_000;
/** How long after the end of a hold it is gone for sure, also when several members have to follow, ms. */
const EXPIRE_MS_MAX = 10_000;
/** How long it takes at most until every shard has its standby, ms. */
const STAND_BY_MS = 15_000;
const PATIENCE_MS = 8_000;
const LOOK_MS = 500;
/** How long the owner before is asked after a shard has gone to another, ms. */
const FORMER_MS = 6_000;
/** Operations repeated at the end of a run at most. */
const REPEATS_MAX = 60;

export interface ClusterReport {
  readonly seed: number;
  readonly plan: ClusterPlan;
  /** Equal for two runs of one seed over the same code. */
  readonly digest: string;
  readonly failure: Error | undefined;
  readonly trace: readonly string[];
  /** What the run exercised. */
  readonly records: number;
  readonly events: number;
  readonly expired: number;
  readonly answers: number;
  readonly adoptions: number;
  readonly virtualMs: number;
  /** From the end of the faults until every shard was served, ms. */
  readonly servedAfterMs: number;
}

export type ProgramOf = (shards: number) => Program;

/** Keeps the last `traceLines` lines of what happened. */
export async function runClusterSeed(seed: number, programOf: ProgramOf, traceLines?: number): Promise<ClusterReport> {
  const plan = clusterPlanOf(seed);
  const run = new ClusterRun(plan, programOf(plan.shards), traceLines);
  let failure: Error | undefined;
  try {
    await run.play();
  } catch (error) {
    failure = error instanceof Error ? error : new Violation(String(error));
  }
  return run.report(failure);
}

class ClusterRun {
  readonly #plan: ClusterPlan;
  readonly #world: SimCluster;
  readonly #trace: Trace;
  readonly #witness: ClusterWitness;
  readonly #seen: Seen;
  readonly #judge: Judge;
  readonly #host: ClusterHost;
  readonly #faults: Faults;
  readonly #catalogue: Catalogue;
  readonly #clients: Client[] = [];
  readonly #clientWorld: ClientWorld;
  readonly #random: SimRandom;
  readonly #owners = new Map<ShardId, { readonly now: string; readonly before: string | undefined; readonly sinceMs: number }>();
  #calm = false;
  #servedAfterMs = 0;
  #failure: unknown;

  constructor(plan: ClusterPlan, program: Program, traceLines: number | undefined) {
    this.#plan = plan;
    const world = new SimCluster(plan.seed, plan.messageBytesMax);
    this.#world = world;
    const trace = new Trace(world.scheduler, traceLines);
    this.#trace = trace;
    const { mapKey, claimsOf } = program;
    const bucket = world.bucket(program.stateBucket);
    const note = (what: string): void => trace.note(what);
    this.#witness = new ClusterWitness({ lanes: world.lanes, bucket, mapKey, shards: plan.shards, claimsOf, note });
    this.#seen = seenBy(this.#witness);
    this.#judge = new Judge(this.#seen, !plan.undisturbed);
    const lost = (dead: Reached): void => {
      for (const client of this.#clients) client.connectionLost(dead);
    };
    this.#host = new ClusterHost({ plan, world, program, trace }, lost, (lane) => this.#ownsNothing(lane));
    this.#faults = new Faults(plan, world, this.#host, trace);
    this.#catalogue = catalogueOf(plan.skus, plan.locations, plan.seed > REVERSALS_FROM);
    this.#random = new SimRandom(plan.seed, ASK_STREAM);
    this.#clientWorld = {
      ...{ scheduler: world.scheduler, trace, host: this.#host, judge: this.#judge, known: [], patienceMs: PATIENCE_MS },
      fail: (error) => {
        this.#failure ??= error;
      },
    };
  }

  async play(): Promise<void> {
    this.#world.weather.rates = this.#plan.rates;
    this.#host.start();
    this.#faults.start();
    this.#look();
    this.#world.scheduler.schedule(this.#plan.disturbedMs, () => this.#calmDown());
    await this.#open();
    this.#startClients();
    await this.#until(() => this.#clients.every((client) => client.done), "all clients to be done");
    this.#calmDown();
    await this.#untilServed();
    await this.#endHolds();
    await this.#compareAll();
    await this.#restartAll();
    await this.#compareAll();
    await this.#loseMachine();
    await this.#compareAll();
    await this.#repeatAll();
    this.#witness.books.atRest();
    await this.#sellOut();
    this.#finalChecks();
  }

  report(failure: Error | undefined): ClusterReport {
    const { books, chains } = this.#witness;
    return {
      ...{ seed: this.#plan.seed, plan: this.#plan, digest: this.#trace.digest, failure, trace: this.#trace.tail },
      ...{ records: this.#witness.records, events: books.events, expired: books.expired, adoptions: chains.adoptions },
      answers: this.#judge.settled.length,
      virtualMs: this.#world.scheduler.elapsedMs,
      servedAfterMs: this.#servedAfterMs,
    };
  }

  /** Runs the world until `settled`, stopping at the first thing that went wrong. */
  async #until(settled: () => boolean, what: string, limitMs = SETTLE_MS_MAX): Promise<void> {
    await this.#world.scheduler.runUntil(() => this.#failed() || settled(), what, limitMs);
    this.#throwFailure();
  }

  #failed(): boolean {
    return this.#failure !== undefined || this.#host.failure !== undefined;
  }

  #throwFailure(): void {
    if (this.#failed()) throw this.#failure ?? this.#host.failure;
  }

  #look(): void {
    this.#world.scheduler.schedule(LOOK_MS, () => {
      try {
        this.#witness.catchUp();
        this.#askFormerOwners();
      } catch (error) {
        this.#clientWorld.fail(error);
      }
      this.#look();
    });
  }

  /** Whoever had a shard until a moment ago may not know yet that it has it no more: strict reads must not be answered from its memory. */
  #askFormerOwners(): void {
    const { elapsedMs } = this.#world.scheduler;
    for (const sku of this.#catalogue.skus) {
      const shard = shardOfHash(hash32(sku), this.#plan.shards);
      const lane = this.#witness.chains.segment(shard)?.lane;
      const known = this.#owners.get(shard);
      if (lane !== undefined && lane !== known?.now)
        this.#owners.set(shard, { now: lane, before: known?.now, sinceMs: elapsedMs });
      const { before, sinceMs } = this.#owners.get(shard) ?? { before: undefined, sinceMs: 0 };
      if (before === undefined || elapsedMs - sinceMs > FORMER_MS) continue;
      const former = this.#host.running().find(({ name }) => name.startsWith(`${before}#`));
      if (former !== undefined) this.#askStrictly(former, sku);
    }
  }

  #askStrictly({ member }: Running, sku: Sku): void {
    for (const location of this.#catalogue.locations) {
      const operation: Operation = { kind: "read", name: "former", sku, location, strict: true };
      const floor = this.#judge.floorOf(operation);
      send(member, operation, (answer) => {
        try {
          if (answer.kind !== "fault") this.#judge.hear(operation, answer, floor);
        } catch (error) {
          this.#clientWorld.fail(error);
        }
      });
    }
  }

  #ownsNothing(lane: string): boolean {
    this.#witness.catchUp();
    return this.#witness.chains.ownsNothing(lane);
  }

  /** Locations and some stock, told by a client of its own. */
  async #open(): Promise<void> {
    const { skus, locations } = this.#catalogue;
    const random = new SimRandom(this.#plan.seed, CLIENT_STREAM);
    const operations: Operation[] = locations.map((id) => ({
      ...{ kind: "locate", name: `open-${id}` },
      location: { id, type: "store", name: id },
    }));
    for (const sku of skus) {
      for (const location of locations)
        operations.push(openingReceipt(`open-${sku}-${location}`, sku, location, random.between(0, 12)));
    }
    const client = new Client(this.#clientWorld, random, () => operations.shift());
    this.#clients.push(client);
    client.start();
    await this.#until(() => client.done, "the opening stock");
  }

  /** Clients that ask for anything, and one that only reads strictly. */
  #startClients(): void {
    for (let number = 0; number <= this.#plan.clients; number++) {
      const random = new SimRandom(this.#plan.seed, CLIENT_STREAM + 1 + number);
      let asked = 0;
      const next = (): Operation | undefined => {
        if (asked++ >= this.#plan.operationsEach) return undefined;
        const name = `client-${number}-${asked}`;
        if (number === 0) return strictRead(name, random, this.#catalogue);
        return nextOperation(name, random, this.#catalogue, this.#clientWorld.known, this.#world.scheduler.wallMs);
      };
      const client = new Client(this.#clientWorld, random, next);
      this.#clients.push(client);
      client.start();
    }
  }

  #calmDown(): void {
    if (this.#calm) return;
    this.#calm = true;
    this.#trace.note("calm from here on");
    this.#world.weather.rates = CALM;
    this.#faults.end();
    this.#host.calmDown();
  }

  /** Every shard has a living owner whose adoption is committed and who is the writer of its lane. */
  #served(): boolean {
    this.#witness.catchUp();
    for (let shard = 0; shard < this.#plan.shards; shard++) {
      const segment = this.#witness.chains.segment(shard as ShardId);
      if (segment === undefined || segment.released !== undefined) return false;
      const lives = this.#host.running().some((running) => running.name.startsWith(`${segment.lane}#`));
      if (!lives || this.#witness.writerOf(segment.lane) !== segment.writer) return false;
    }
    return true;
  }

  async #untilServed(): Promise<void> {
    const begun = this.#world.scheduler.elapsedMs;
    await this.#until(() => this.#served(), "every shard to be served again", SERVED_MS_MAX);
    this.#servedAfterMs = this.#world.scheduler.elapsedMs - begun;
  }

  /** Past the end of every hold, by waiting or, where anything disturbs, by a jump of the wall clock of the world. */
  async #endHolds(): Promise<void> {
    const { scheduler, machines } = this.#world;
    const { undisturbed } = this.#plan;
    const slowest = Math.min(...[...machines.values()].map((machine) => machine.wallOffsetMs));
    const { reservations } = this.#witness.books;
    const lastMs = Math.max(0, ...[...reservations.values()].map((history) => history.at(-1)?.expiresAt ?? 0));
    const missingMs = lastMs - (scheduler.wallMs + slowest);
    if (!undisturbed && missingMs > 0) scheduler.jumpWall(missingMs);
    await this.#pass((undisturbed ? HOLDS_END_MS : 0) + EXPIRE_MS_MAX);
    this.#witness.catchUp();
    for (const [id, history] of reservations) {
      const held = history.at(-1)?.lines.some((line) => line.held > 0);
      mustHold(held !== true, `reservation ${id} still holds units long after its time`);
    }
  }

  /** Asks random members until one gives a definite answer. */
  async #ask(operation: Operation): Promise<Answer> {
    const end = this.#world.scheduler.elapsedMs + SERVED_MS_MAX;
    for (;;) {
      await this.#until(() => this.#host.running().length > 0, "a member", SERVED_MS_MAX);
      const running = this.#host.reach(this.#random) as Running;
      let heard: Answer | undefined;
      send(running.member, operation, (answer) => {
        heard = answer;
      });
      await this.#until(() => heard !== undefined || !running.process.alive, `an answer to ${operation.name}`);
      if (heard !== undefined && heard.kind !== "fault") return heard;
      mustHold(this.#world.scheduler.elapsedMs < end, `${operation.name} gets no answer but ${JSON.stringify(heard)}`);
      await this.#pass(50);
    }
  }

  #pass(ms: number): Promise<void> {
    const until = this.#world.scheduler.elapsedMs + ms;
    this.#world.scheduler.schedule(ms, () => undefined);
    return this.#until(() => this.#world.scheduler.elapsedMs >= until, "time to pass");
  }

  /** Every record and reservation, as the members have it, is what was committed. */
  async #compareAll(): Promise<void> {
    for (const sku of this.#catalogue.skus) {
      for (const location of this.#catalogue.locations) {
        const operation: Operation = { kind: "read", name: "compare", sku, location, strict: true };
        const answer = (await this.#ask(operation)) as { kind: "read"; value: Parameters<typeof sameLevels>[0] | undefined };
        this.#witness.catchUp();
        const seen = this.#witness.books.levels(pairOf(operation));
        const same = answer.value === undefined || seen === undefined ? answer.value === seen : sameLevels(answer.value, seen);
        mustHold(
          same,
          `${sku} at ${location} is ${JSON.stringify(answer.value)} in the end, committed is ${JSON.stringify(seen)}`,
        );
      }
    }
    for (const id of this.#witness.books.reservations.keys()) {
      const operation: Operation = { kind: "look-up", name: "compare", id: id as ReservationId };
      const floor = this.#judge.floorOf(operation);
      this.#judge.hear(operation, await this.#ask(operation), floor);
    }
  }

  /** One member after the other is told to stop and comes back. */
  async #restartAll(): Promise<void> {
    for (const slot of this.#host.slots) {
      await this.#until(() => slot.running !== undefined && !slot.stopping, `${slot.lane} to run`, SERVED_MS_MAX);
      await this.#restart(slot);
    }
    await this.#until(() => this.#served(), "every shard to be served after a rolling restart", SERVED_MS_MAX);
  }

  async #restart(slot: Slot): Promise<void> {
    const { boots } = slot;
    this.#host.stop(slot, "restart");
    await this.#until(() => slot.boots > boots, `${slot.lane} to come back`, SERVED_MS_MAX);
  }

  /** With standbys in place, one machine of several goes for good: the others serve everything. */
  async #loseMachine(): Promise<void> {
    if (this.#plan.machines < 2) return;
    await this.#pass(STAND_BY_MS);
    const lost = this.#random.pick(this.#host.slots).machine;
    this.#trace.note(`machine ${lost} is lost for good`);
    this.#host.lose(lost);
    await this.#until(() => this.#served(), `every shard to be served without machine ${lost}`, SERVED_MS_MAX);
  }

  /** What was done under a key or a movement id long ago is answered as it was then, whoever has the shard now. */
  async #repeatAll(): Promise<void> {
    const done = this.#judge.settled.filter(({ operation, answer }) => isKept(operation, answer));
    for (const { operation, answer } of done.slice(-REPEATS_MAX)) {
      const again = await this.#ask(operation);
      const same =
        answer.kind === "reserved"
          ? again.kind === "reserved" && again.repeated && again.reservation.id === answer.reservation.id
          : again.kind === "duplicate" && "version" in answer && again.version === answer.version;
      mustHold(same, `${operation.name} was answered ${JSON.stringify(answer)}, and repeated ${JSON.stringify(again)}`);
    }
  }

  /** Exactly what is available can be reserved, and not one unit more. */
  async #sellOut(): Promise<void> {
    for (const sku of this.#catalogue.skus) {
      for (const location of this.#catalogue.locations) {
        this.#witness.catchUp();
        const levels = this.#witness.books.levels(`${sku} at ${location}`);
        const left = levels === undefined ? 0 : Math.max(0, free(levels));
        if (left > 0) await this.#expectReserve(`take-${sku}-${location}`, { sku, location, quantity: left }, "reserved");
        await this.#expectReserve(`over-${sku}-${location}`, { sku, location, quantity: 1 }, "insufficient-stock");
      }
    }
  }

  async #expectReserve(name: string, line: object, kind: string): Promise<void> {
    const idempotency = { key: name, fingerprint: name };
    const command = { lines: [line], mode: "all", ttlMs: 604_800_000, reference: name, idempotency } as never;
    const answer = await this.#ask({ kind: "reserve", name, command });
    mustHold(answer.kind === kind, `${name} should be ${kind} and is ${JSON.stringify(answer)}`);
  }

  #finalChecks(): void {
    this.#throwFailure();
    this.#witness.catchUp();
    this.#everyAnswerHolds();
    const { books } = this.#witness;
    books.ledgers.check((pair) => books.records.get(pair)?.at(-1)?.onHand ?? 0);
    const late = books.expiryLateMsMax;
    mustHold(!this.#plan.undisturbed || late === 0, `a hold ended ${late} ms late although nothing disturbed the members`);
  }

  /** What was acknowledged is there exactly once; what was refused is not there. */
  #everyAnswerHolds(): void {
    const moved = new Set(
      this.#judge.settled.filter(({ answer }) => MOVED.has(answer.kind)).map(({ operation }) => idOf(operation)),
    );
    const { books } = this.#witness;
    const usedKeys = new Set([...books.keys.keys()].map((name) => name.slice(name.lastIndexOf(" ") + 1)));
    for (const { operation, answer } of this.#judge.settled) {
      if (operation.kind === "reserve") {
        const made = books.byReference.get(operation.name)?.length ?? 0;
        const wanted = answer.kind === "reserved" ? 1 : 0;
        mustHold(made === wanted, `${operation.name} was answered ${answer.kind} and made ${made} reservations`);
      }
      if (operation.kind === "move" && !moved.has(idOf(operation))) {
        mustHold(!books.movements.has(idOf(operation)), `${operation.name} was answered ${answer.kind} and is applied`);
      }
      if (operation.kind === "transit" && answer.kind === "reservation" && isRepeatable(operation)) {
        mustHold(usedKeys.has(operation.name), `${operation.name} was answered and its key is not committed`);
      }
    }
    for (const [reference, made] of books.byReference) {
      mustHold(made.length === 1, `${reference} made ${made.length} reservations`);
    }
  }
}

function isKept(operation: Operation, answer: Answer): boolean {
  return answer.kind === "applied" || (answer.kind === "reserved" && operation.kind === "reserve" && isRepeatable(operation));
}

function strictRead(name: string, random: SimRandom, { skus, locations }: Catalogue): Operation {
  return { kind: "read", name, sku: random.pick(skus), location: random.pick(locations), strict: true };
}

function seenBy(witness: ClusterWitness): Seen {
  const { books } = witness;
  const { records, reservations, byReference, movements } = books;
  return {
    catchUp: () => witness.catchUp(),
    levels: (pair) => books.levels(pair),
    visibleVersion: (id) => books.visibleVersion(id),
    ...{ records, reservations, byReference, movements },
  };
}
