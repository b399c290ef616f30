/** One run: a seed, its world, its clients and faults, a calm end, and the checks that follow. */

import type { ReservationId } from "../../src/base/index.ts";
import { Client, type ClientWorld, isRepeatable, send } from "./client.ts";
import { Follower } from "./follower.ts";
import { Host, LANE, type Running } from "./host.ts";
import { type Answer, Judge } from "./judge.ts";
import { type Catalogue, catalogueOf, idOf, nextOperation, type Operation, openingReceipt } from "./operations.ts";
import { type Plan, planOf } from "./plan.ts";
import { Trace } from "./trace.ts";
import { mustHold, Violation } from "./violation.ts";
import { free, pairOf, sameLevels, Witness } from "./witness.ts";
import { CALM, SimRandom, SimWorld } from "./world/index.ts";

const CLIENT_STREAM = 100;
const FOLLOWER_STREAM = 5;
/** Longest virtual time a run may take to settle, ms. */
const SETTLE_MS_MAX = 900_000;
/** Longer than any hold of the scenario, ms. */
const HOLDS_END_MS = 61_000;
const FOLLOW_MS = 400;
/** After this the world is calm, so that every run comes to an end, ms. */
const DISTURBED_MS = 30_000;

/** Answers that say that the movement is committed. */
const MOVED: ReadonlySet<string> = new Set(["applied", "duplicate", "pending"]);

export interface RunReport {
  readonly seed: number;
  readonly plan: Plan;
  /** Equal for two runs of one seed over the same code. */
  readonly digest: string;
  readonly failure: Error | undefined;
  readonly trace: readonly string[];
  /** What the run exercised. */
  readonly records: number;
  readonly events: number;
  readonly expired: number;
  readonly answers: number;
}

export async function runSeed(seed: number): Promise<RunReport> {
  const run = new Run(planOf(seed));
  let failure: Error | undefined;
  try {
    await run.play();
  } catch (error) {
    failure = error instanceof Error ? error : new Violation(String(error));
  }
  return run.report(failure);
}

class Run {
  readonly #plan: Plan;
  readonly #world: SimWorld;
  readonly #trace: Trace;
  readonly #witness: Witness;
  readonly #judge: Judge;
  readonly #host: Host;
  readonly #follower: Follower;
  readonly #catalogue: Catalogue;
  readonly #clients: Client[] = [];
  readonly #clientWorld: ClientWorld;
  #failure: unknown;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#world = new SimWorld(plan.seed);
    this.#trace = new Trace(this.#world.scheduler);
    this.#witness = new Witness(this.#world.lane, LANE, plan.shards);
    this.#judge = new Judge(this.#witness, plan.rivalMs > 0);
    this.#follower = new Follower(this.#world.lane, new SimRandom(plan.seed, FOLLOWER_STREAM));
    this.#host = new Host(
      plan,
      this.#world,
      this.#trace,
      (dead) => {
        for (const client of this.#clients) client.connectionLost(dead);
      },
      () => this.#follower.cursor,
    );
    this.#catalogue = catalogueOf(plan.skus, plan.locations, plan.seed % 2 === 0);
    this.#clientWorld = {
      scheduler: this.#world.scheduler,
      trace: this.#trace,
      host: this.#host,
      judge: this.#judge,
      known: [],
      fail: (error) => {
        this.#failure ??= error;
      },
    };
  }

  async play(): Promise<void> {
    this.#world.weather.rates = this.#plan.rates;
    this.#host.start();
    this.#follow();
    await this.#open();
    this.#startClients();
    this.#world.scheduler.schedule(DISTURBED_MS, () => this.#calmDown());
    await this.#until(() => this.#clients.every((client) => client.done), "all clients to be done");
    this.#calmDown();
    await this.#endHolds();
    await this.#compareAll();
    await this.#restart();
    await this.#compareAll();
    await this.#sellOut();
    this.#follower.catchUp();
    this.#finalChecks();
  }

  report(failure: Error | undefined): RunReport {
    return {
      seed: this.#plan.seed,
      plan: this.#plan,
      digest: this.#trace.digest,
      failure,
      trace: this.#trace.tail,
      records: this.#world.lane.last,
      events: this.#follower.events,
      expired: this.#witness.expired,
      answers: this.#judge.settled.length,
    };
  }

  /** Runs the world until `settled`, stopping at the first thing that went wrong. */
  async #until(settled: () => boolean, what: string): Promise<void> {
    await this.#world.scheduler.runUntil(() => this.#failed() || settled(), what, SETTLE_MS_MAX);
    this.#throwFailure();
  }

  #failed(): boolean {
    return this.#failure !== undefined || this.#host.failure !== undefined;
  }

  #throwFailure(): void {
    if (this.#failed()) throw this.#failure ?? this.#host.failure;
  }

  #follow(): void {
    this.#world.scheduler.schedule(FOLLOW_MS, () => {
      try {
        this.#follower.turn();
        this.#witness.catchUp();
      } catch (error) {
        this.#clientWorld.fail(error);
      }
      this.#follow();
    });
  }

  /** Locations and some stock, told by a client of its own. */
  async #open(): Promise<void> {
    const { skus, locations } = this.#catalogue;
    const random = new SimRandom(this.#plan.seed, CLIENT_STREAM);
    const operations: Operation[] = locations.map((id) => ({
      kind: "locate",
      name: `open-${id}`,
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

  #startClients(): void {
    for (let number = 1; number <= this.#plan.clients; number++) {
      const random = new SimRandom(this.#plan.seed, CLIENT_STREAM + number);
      let asked = 0;
      const next = (): Operation | undefined => {
        if (asked++ >= this.#plan.operationsEach) return undefined;
        const now = this.#world.scheduler.wallMs;
        return nextOperation(`client-${number}-${asked}`, random, this.#catalogue, this.#clientWorld.known, now);
      };
      const client = new Client(this.#clientWorld, random, next);
      this.#clients.push(client);
      client.start();
    }
  }

  #calmDown(): void {
    if (this.#host.calm) return;
    this.#trace.note("calm from here on");
    this.#host.calmDown();
    this.#world.weather.rates = CALM;
  }

  #untilServing(): Promise<void> {
    return this.#until(() => this.#host.main?.core.phase === "serving", "a member that serves");
  }

  /** Past the end of every hold, by waiting or by a jump of the wall clock. */
  async #endHolds(): Promise<void> {
    const { scheduler } = this.#world;
    const lastMs = Math.max(0, ...[...this.#witness.reservations.values()].map((history) => history.at(-1)?.expiresAt ?? 0));
    const missingMs = lastMs - scheduler.wallMs - HOLDS_END_MS;
    if (missingMs > 0) scheduler.jumpWall(missingMs);
    const end = scheduler.elapsedMs + HOLDS_END_MS + 5_000;
    await this.#until(() => scheduler.elapsedMs >= end, "every hold to end");
    this.#witness.catchUp();
    for (const [id, history] of this.#witness.reservations) {
      const held = history.at(-1)?.lines.some((line) => line.held > 0);
      mustHold(held !== true, `reservation ${id} still holds units long after its time`);
    }
  }

  async #ask(operation: Operation): Promise<Answer> {
    await this.#untilServing();
    const { member } = this.#host.main as Running;
    let heard: Answer | undefined;
    send(member, operation, (answer) => {
      heard = answer;
    });
    await this.#until(() => heard !== undefined, `an answer to ${operation.name}`);
    return heard as Answer;
  }

  /** Every record and reservation, as the member has it, is what was committed. */
  async #compareAll(): Promise<void> {
    this.#witness.catchUp();
    for (const sku of this.#catalogue.skus) {
      for (const location of this.#catalogue.locations) {
        const operation: Operation = { kind: "read", name: "compare", sku, location, strict: false };
        const answer = (await this.#ask(operation)) as { kind: "read"; value: Parameters<typeof sameLevels>[0] | undefined };
        const seen = this.#witness.levels(pairOf(operation));
        const same = answer.value === undefined || seen === undefined ? answer.value === seen : sameLevels(answer.value, seen);
        mustHold(
          same,
          `${sku} at ${location} is ${JSON.stringify(answer.value)} in the end, committed is ${JSON.stringify(seen)}`,
        );
      }
    }
    for (const id of this.#witness.reservations.keys()) {
      const operation: Operation = { kind: "look-up", name: "compare", id: id as ReservationId };
      const floor = this.#judge.floorOf(operation);
      this.#judge.hear(operation, await this.#ask(operation), floor);
    }
  }

  async #restart(): Promise<void> {
    const stopped = this.#host.main;
    let gone = false;
    this.#host.stopMain().then(
      () => {
        gone = true;
      },
      (error: unknown) => this.#clientWorld.fail(error),
    );
    await this.#until(() => gone && this.#host.main !== undefined && this.#host.main !== stopped, "a clean restart");
  }

  /** Exactly what is available can be reserved, and not one unit more. */
  async #sellOut(): Promise<void> {
    for (const sku of this.#catalogue.skus) {
      for (const location of this.#catalogue.locations) {
        this.#witness.catchUp();
        const levels = this.#witness.levels(`${sku} at ${location}`);
        const left = levels === undefined ? 0 : Math.max(0, free(levels));
        if (left > 0) await this.#expectReserve(`take-${sku}-${location}`, { sku, location, quantity: left }, "reserved");
        await this.#expectReserve(`over-${sku}-${location}`, { sku, location, quantity: 1 }, "insufficient-stock");
      }
    }
  }

  async #expectReserve(
    name: string,
    line: { sku: never; location: never; quantity: number } | object,
    kind: string,
  ): Promise<void> {
    const command = { lines: [line], mode: "all", ttlMs: 604_800_000, reference: name } as never;
    const answer = await this.#ask({ kind: "reserve", name, command });
    mustHold(answer.kind === kind, `${name} should be ${kind} and is ${JSON.stringify(answer)}`);
  }

  #finalChecks(): void {
    this.#throwFailure();
    this.#witness.catchUp();
    this.#everyAnswerHolds();
    this.#witness.ledgers.check((pair) => this.#witness.levels(pair)?.onHand ?? 0);
    const { undisturbed } = this.#plan;
    const late = this.#witness.expiryLateMsMax;
    mustHold(!undisturbed || late === 0, `a hold ended ${late} ms late although nothing disturbed the member`);
  }

  /** What was acknowledged is there exactly once; what was refused is not there. */
  #everyAnswerHolds(): void {
    const moved = new Set(
      this.#judge.settled.filter(({ answer }) => MOVED.has(answer.kind)).map(({ operation }) => idOf(operation)),
    );
    for (const { operation, answer } of this.#judge.settled) {
      if (operation.kind === "reserve") {
        const made = this.#witness.byReference.get(operation.name)?.length ?? 0;
        const wanted = answer.kind === "reserved" ? 1 : 0;
        mustHold(made === wanted, `${operation.name} was answered ${answer.kind} and made ${made} reservations`);
      }
      if (operation.kind === "move" && !moved.has(idOf(operation))) {
        mustHold(!this.#witness.movements.has(idOf(operation)), `${operation.name} was answered ${answer.kind} and is applied`);
      }
      if (operation.kind === "transit" && answer.kind === "reservation" && isRepeatable(operation)) {
        const used = [...this.#witness.keys.keys()].some((name) => name.endsWith(` ${operation.name}`));
        mustHold(used, `${operation.name} was answered and its key is not committed`);
      }
    }
    for (const [reference, made] of this.#witness.byReference) {
      mustHold(made.length === 1, `${reference} made ${made.length} reservations`);
    }
  }
}
