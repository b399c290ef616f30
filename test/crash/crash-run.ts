/**
 * A run against real processes: load over HTTP, kill -9 of the grid, the nats-server or both, again and again, then the
 * books. Every request has a key or a movement id and is repeated until its outcome is known, so that the books are exact.
 */

import { setTimeout as pause } from "node:timers/promises";
import { SimRandom } from "../simulator/world/index.ts";
import { type Acknowledged, Books } from "./books.ts";
import { checkBooks } from "./check-books.ts";
import { NodeUnderTest } from "./node-under-test.ts";
import { Shopper } from "./shopper.ts";

export interface CrashSettings {
  readonly kills: number;
  readonly seed: number;
  /** Told of each kill. */
  say(line: string): void;
}

export interface CrashReport {
  readonly kills: Readonly<Record<Victim, number>>;
  readonly acknowledged: number;
  readonly refused: number;
  readonly lostConnections: number;
  readonly events: number;
}

type Victim = "grid" | "nats" | "both";

const PLACE = "place";
const SKUS = ["hot", "warm", "cold"] as const;
const OPENING_UNITS = 40;
const WORKERS = 12;
const KILL_AFTER_MS_MAX = 900;
const VICTIMS: readonly Victim[] = ["grid", "nats", "both"];

export async function runCrashes(settings: CrashSettings): Promise<CrashReport> {
  const node = await NodeUnderTest.start();
  try {
    return await new CrashRun(node, settings).run();
  } finally {
    await node.end();
  }
}

class CrashRun {
  readonly #node: NodeUnderTest;
  readonly #settings: CrashSettings;
  readonly #shopper: Shopper;
  readonly #books = new Books();
  readonly #random: SimRandom;
  #over = false;
  #refused = 0;

  constructor(node: NodeUnderTest, settings: CrashSettings) {
    this.#node = node;
    this.#settings = settings;
    this.#shopper = new Shopper(node);
    this.#random = new SimRandom(settings.seed);
  }

  async run(): Promise<CrashReport> {
    await this.#open();
    const workers = Array.from({ length: WORKERS }, (_, number) => this.#work(number));
    const load = Promise.all(workers);
    const kills = await Promise.race([this.#killOften(), load.then(failIfOver)]);
    this.#over = true;
    await load;
    const events = await checkBooks(this.#node, this.#shopper, this.#books, SKUS, PLACE);
    const { lostConnections } = this.#shopper.trouble;
    return { kills, acknowledged: this.#books.acknowledged.length, refused: this.#refused, lostConnections, events };
  }

  async #open(): Promise<void> {
    await this.#shopper.put(`/v1/locations/${PLACE}`, { type: "store", name: "Place" });
    for (const sku of SKUS) await this.#receive(`open-${sku}`, sku, OPENING_UNITS);
  }

  async #receive(id: string, sku: string, quantity: number): Promise<void> {
    const movement = { id, type: "receipt", sku, location: PLACE, quantity };
    const { status, body } = await this.#shopper.post("/v1/movements", movement);
    const [result] = (body as { results: { status: string }[] }).results;
    if (status !== 200 || !["applied", "duplicate"].includes(result?.status ?? ""))
      throw new Error(`receipt ${id}: ${JSON.stringify(body)}`);
    this.#books.receive(sku, quantity);
  }

  /** One shopper after another: hold, then confirm, release, ship, or leave it. */
  async #work(number: number): Promise<void> {
    const random = new SimRandom(this.#settings.seed, number + 1);
    for (let visit = 0; !this.#over; visit++) {
      const name = `worker-${number}-${visit}`;
      if (random.chance(0.1)) await this.#receive(name, random.pick(SKUS), random.between(1, 6));
      else await this.#shop(name, random);
    }
  }

  async #shop(name: string, random: SimRandom): Promise<void> {
    const line = { sku: random.pick(SKUS), location: PLACE, quantity: random.between(1, 3) };
    const { status, body } = await this.#shopper.post(
      "/v1/reservations",
      { ...line, ttlSeconds: 604_800, reference: name },
      name,
    );
    if (status === 409) {
      this.#refused++;
      await pause(5);
      return;
    }
    if (status !== 201 && status !== 200) throw new Error(`reservation ${name}: ${status} ${JSON.stringify(body)}`);
    const entry = this.#books.reserve((body as { id: string }).id, line.sku, line.quantity);
    const fate = random.below(4);
    if (fate === 0) await this.#transit(entry, "release", "released", name);
    if (fate >= 2) await this.#transit(entry, "confirm", "confirmed", name);
    if (fate === 3) await this.#transit(entry, "fulfill", "fulfilled", name);
  }

  async #transit(entry: Acknowledged, action: string, state: Acknowledged["state"], name: string): Promise<void> {
    const { status, body } = await this.#shopper.post(`/v1/reservations/${entry.id}/${action}`, {}, `${name}-${action}`);
    if (status !== 200) throw new Error(`${action} of ${entry.id}: ${status} ${JSON.stringify(body)}`);
    entry.state = state;
  }

  async #killOften(): Promise<Record<Victim, number>> {
    const kills: Record<Victim, number> = { grid: 0, nats: 0, both: 0 };
    for (let kill = 1; kill <= this.#settings.kills; kill++) {
      await pause(this.#random.between(50, KILL_AFTER_MS_MAX));
      const victim = VICTIMS[(kill - 1) % VICTIMS.length] as Victim;
      this.#settings.say(
        `kill ${kill} of ${this.#settings.kills}: ${victim}, ${this.#books.acknowledged.length} reservations acknowledged`,
      );
      await this.#kill(victim);
      kills[victim]++;
    }
    return kills;
  }

  async #kill(victim: Victim): Promise<void> {
    if (victim !== "grid") await this.#node.killNats();
    if (victim === "nats") return this.#node.ready();
    await this.#node.killGrid();
    await this.#node.restart();
  }
}

function failIfOver(): never {
  throw new Error("the load ended before the kills");
}
