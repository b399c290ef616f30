/**
 * Clients that reserve over several SKUs, confirm, release, ship, extend, let expire, receive and read, each call under a key of
 * its own, recorded as history and entered in the books.
 */

import { setTimeout as pause } from "node:timers/promises";
import { SimRandom } from "../../simulator/world/index.ts";
import { type Call, HistoryRecorder, type Levels, type Line, type OpenCall, type Shortage } from "../history/index.ts";
import { type Acknowledged, Books, type Status } from "./books.ts";
import { type ClientSettings, noTrouble, type Outcome, PatientClient } from "./client.ts";

export interface LoadSettings extends ClientSettings {
  readonly seed: number;
  readonly clients: number;
  readonly skus: readonly string[];
  /** Lines of a reservation at most. */
  readonly linesMax: number;
  /** Units of each SKU at the beginning. */
  readonly openingUnits: number;
  /** Between two visits of a client, ms, chosen up to twice this. */
  readonly pauseMs: number;
  /** The query of a strict read: `?consistency=strict`; nothing where plain reads are strict; undefined: there are none. */
  readonly strictQuery: string | undefined;
}

export const PLACE = "place";
const SHORT_TTL_SECONDS = 2;
const LONG_TTL_SECONDS = 604_800;
const UNITS_MAX = 3;

type Fate = "leave" | "release" | "confirm" | "fulfill" | "extend" | "expire";
const FATES: readonly Fate[] = ["leave", "release", "release", "release", "confirm", "fulfill", "fulfill", "extend", "expire"];
const STATUS_AFTER = { confirm: "confirmed", release: "released", fulfill: "fulfilled" } as const;

export class Shoppers {
  readonly books = new Books();
  readonly recorder = new HistoryRecorder();
  readonly trouble = noTrouble();
  readonly settings: LoadSettings;
  /** Requests with a definite answer. */
  answers = 0;
  refused = 0;
  #isOver = false;
  #work: Promise<unknown> | undefined;

  constructor(settings: LoadSettings) {
    this.settings = settings;
  }

  /** A client that shares the count of trouble. */
  client(turn = 0): PatientClient {
    return new PatientClient(this.settings, this.trouble, turn);
  }

  /** Opens the place and its stock; then the shoppers come and go until `stop`. */
  async start(): Promise<void> {
    const client = this.client();
    const { status } = await client.put(`/v1/locations/${PLACE}`, { type: "store", name: "Place" });
    if (status !== 200 && status !== 201) throw new Error(`the place could not be opened: ${status}`);
    for (const sku of this.settings.skus) await this.#receive("opening", client, `open-${sku}`, sku, this.settings.openingUnits);
    this.#work = Promise.all(Array.from({ length: this.settings.clients }, (_, number) => this.#shop(number)));
    this.#work.catch(() => undefined);
  }

  /** Resolves when every client has come to the end of its visit; rejects with what one of them could not accept. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#work;
  }

  /** Rejects when a client meets what it cannot accept; never resolves. */
  async failing(): Promise<never> {
    await this.#work;
    return await new Promise<never>(() => undefined);
  }

  async #shop(number: number): Promise<void> {
    const random = new SimRandom(this.settings.seed, number + 1);
    const client = this.client(number);
    const who = `client-${number}`;
    for (let visit = 0; !this.#isOver; visit++) {
      const name = `${who}-${visit}`;
      const sku = random.pick(this.settings.skus);
      if (random.chance(0.1)) await this.#receive(who, client, name, sku, random.between(1, UNITS_MAX));
      else if (random.chance(0.25))
        await this.#read(who, client, sku, random.chance(0.8) && this.settings.strictQuery !== undefined);
      else await this.#visit(who, client, name, random);
      if (this.settings.pauseMs > 0) await pause(random.below(2 * this.settings.pauseMs + 1));
    }
  }

  async #receive(who: string, client: PatientClient, id: string, sku: string, quantity: number): Promise<void> {
    const line: Line = { sku, location: PLACE, quantity };
    const open = this.recorder.begin(who, { kind: "receive", line });
    const body = { id, type: "receipt", ...line };
    const outcome = await client.post("/v1/movements", body);
    if (outcome.status === undefined) {
      this.books.movements.push({ body, line, open });
      return;
    }
    const [result] = (outcome.body as { results?: { status: string; problem?: { type: string } }[] }).results ?? [];
    if (outcome.status !== 200 || (result?.status !== "applied" && result?.status !== "duplicate"))
      throw unacceptable(`receipt ${id}`, outcome);
    this.answers++;
    open.answered({ kind: "done" });
    this.books.received(line);
  }

  async #read(who: string, client: PatientClient, sku: string, isStrict: boolean): Promise<void> {
    const open = this.recorder.begin(who, { kind: "read", sku, location: PLACE, isStrict });
    const outcome = await client.get(`/v1/stock/${sku}/${PLACE}${isStrict ? this.settings.strictQuery : ""}`);
    if (outcome.status === undefined) return;
    if (outcome.status !== 200) throw unacceptable(`read of ${sku}`, outcome);
    this.answers++;
    open.answered({ kind: "levels", levels: outcome.body as Levels });
  }

  async #visit(who: string, client: PatientClient, name: string, random: SimRandom): Promise<void> {
    const fate = random.pick(FATES);
    const ttlSeconds = fate === "expire" ? SHORT_TTL_SECONDS : LONG_TTL_SECONDS;
    const entry = await this.#reserve(who, client, name, this.#lines(random), ttlSeconds);
    if (entry === undefined || fate === "leave" || fate === "expire") return;
    if (fate === "extend") return this.#extend(who, client, entry, random.chance(0.5) ? SHORT_TTL_SECONDS : LONG_TTL_SECONDS);
    const steps = fate === "fulfill" ? (["confirm", "fulfill"] as const) : ([fate] as const);
    for (const step of steps) if (!(await this.#transit(who, client, entry, step))) return;
  }

  #lines(random: SimRandom): readonly Line[] {
    const count = random.between(1, Math.min(this.settings.linesMax, this.settings.skus.length));
    const skus = new Set(Array.from({ length: count }, () => random.pick(this.settings.skus)));
    return [...skus].map((sku) => ({ sku, location: PLACE, quantity: random.between(1, UNITS_MAX) }));
  }

  async #reserve(
    who: string,
    client: PatientClient,
    key: string,
    lines: readonly Line[],
    ttlSeconds: number,
  ): Promise<Acknowledged | undefined> {
    const open = this.recorder.begin(who, { kind: "reserve", lines, ttlMs: ttlSeconds * 1_000 });
    const body = { lines, ttlSeconds, reference: key };
    const outcome = await client.post("/v1/reservations", body, key);
    return this.#judge({ key, body, lines, open }, outcome);
  }

  #judge(
    doubt: { key: string; body: unknown; lines: readonly Line[]; open: OpenCall },
    outcome: Outcome,
  ): Acknowledged | undefined {
    const { status, body, lostTries } = outcome;
    if (status === undefined) {
      this.books.doubts.push(doubt);
      return undefined;
    }
    this.answers++;
    if (status === 201 || status === 200) {
      const { id, expiresAt } = body as { id: string; expiresAt: string };
      const ends = Date.parse(expiresAt);
      doubt.open.answered({ kind: "reserved", id, expiresAt: ends });
      return this.books.reserved(id, doubt.lines, ends);
    }
    if (slugOf(body) !== "insufficient-stock") throw unacceptable(`reservation ${doubt.key}`, outcome);
    this.refused++;
    const { shortages } = body as { shortages: readonly Shortage[] };
    const open = doubt.open.answered({ kind: "insufficient-stock", shortages }, lostTries);
    if (open !== undefined) this.books.doubts.push({ ...doubt, open });
    return undefined;
  }

  /** False when the reservation has come to its end instead. */
  async #transit(
    who: string,
    client: PatientClient,
    entry: Acknowledged,
    transit: "confirm" | "release" | "fulfill",
  ): Promise<boolean> {
    const open = this.recorder.begin(who, { kind: "transit", transit, id: entry.id });
    const outcome = await client.post(`/v1/reservations/${entry.id}/${transit}`, {}, `${entry.id}-${transit}`);
    return this.#enter(entry, open, outcome, STATUS_AFTER[transit], { kind: "done" }, transit);
  }

  async #extend(who: string, client: PatientClient, entry: Acknowledged, ttlSeconds: number): Promise<void> {
    const call: Call = { kind: "extend", id: entry.id, ttlMs: ttlSeconds * 1_000 };
    const open = this.recorder.begin(who, call);
    const outcome = await client.post(`/v1/reservations/${entry.id}/extend`, { ttlSeconds }, `${entry.id}-extend`);
    const expiresAt = Date.parse((outcome.body as { expiresAt?: string } | undefined)?.expiresAt ?? "");
    const isExtended = this.#enter(entry, open, outcome, "held", { kind: "extended", expiresAt }, "extend");
    if (isExtended) entry.expiresAt = expiresAt;
    else if (outcome.status === undefined) entry.statuses = ["held", "expired"];
  }

  #enter(
    entry: Acknowledged,
    open: OpenCall,
    outcome: Outcome,
    after: Status,
    answer: { kind: "done" } | { kind: "extended"; expiresAt: number },
    what: string,
  ): boolean {
    if (outcome.status === undefined) {
      entry.statuses = [...entry.statuses, after];
      return false;
    }
    this.answers++;
    if (outcome.status === 200) {
      open.answered(answer);
      entry.statuses = [after];
      return true;
    }
    const reason = slugOf(outcome.body);
    if (reason !== "reservation-expired" || Date.now() < entry.expiresAt) throw unacceptable(`${what} of ${entry.id}`, outcome);
    open.answered({ kind: "refused", reason }, outcome.lostTries);
    entry.statuses = ["expired"];
    return false;
  }
}

function slugOf(body: unknown): string {
  return (
    String((body as { type?: string }).type)
      .split(":")
      .at(-1) ?? ""
  );
}

function unacceptable(what: string, { status, body, lostTries }: Outcome): Error {
  return new Error(`${what}: ${status} ${JSON.stringify(body)} after ${lostTries} lost tries`);
}
