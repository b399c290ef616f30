/**
 * A grid that is correct by construction, for the tests of the checker: every command takes effect at one moment between
 * its call and its answer, which come after random delays. `flaw` makes it wrong in one way.
 */

import { SimRandom } from "../../simulator/world/index.ts";
import { type Answer, type Call, HistoryRecorder, type RecordedCall } from "./recorder.ts";

/** What a wrong grid does: loses the last acknowledged hold, lets one hold through without stock, or reads the past. */
export type Flaw = "none" | "lost-hold" | "oversell" | "stale-read";

export interface SimulatedRun {
  readonly seed: number;
  readonly clients: number;
  readonly callsEach: number;
  /** Part of the calls, 0 to 1, whose answer is lost; half of those take effect. */
  readonly lostPart: number;
  readonly flaw: Flaw;
}

interface Hold {
  status: "held" | "confirmed" | "fulfilled" | "released" | "expired";
  readonly quantity: number;
  expiresAt: number;
}

const SKU = "sku";
const PLACE = "place";
const OPENING_UNITS = 12;
const DELAY_MS_MAX = 8;
const SHORT_TTL_MS = 15;
const LONG_TTL_MS = 1e9;

/** The history of a run; ends with a strict read while nothing is in flight. */
export function simulate(run: SimulatedRun): readonly RecordedCall[] {
  return new SimulatedGrid(run).history();
}

class SimulatedGrid {
  readonly #run: SimulatedRun;
  readonly #random: SimRandom;
  readonly #recorder: HistoryRecorder;
  readonly #holds = new Map<string, Hold>();
  #onHand = 0;
  #version = 0;
  #now = 0;
  #due: { at: number; order: number; act: () => void }[] = [];
  #order = 0;

  constructor(run: SimulatedRun) {
    this.#run = run;
    this.#random = new SimRandom(run.seed);
    this.#recorder = new HistoryRecorder(() => this.#now);
  }

  history(): readonly RecordedCall[] {
    this.#send("opening", { kind: "receive", line: { sku: SKU, location: PLACE, quantity: OPENING_UNITS } }, () => {
      for (let client = 0; client < this.#run.clients; client++) this.#think(`client-${client}`, this.#run.callsEach, []);
    });
    this.#drain();
    this.#spoil();
    this.#now++;
    this.#send("closing", READ, () => undefined);
    this.#drain();
    return this.#recorder.calls();
  }

  /** At the end, so that nothing in flight and no hold about to end can explain it. */
  #spoil(): void {
    const { flaw } = this.#run;
    if (flaw === "none") return;
    this.#now += 2 * SHORT_TTL_MS;
    this.#expireAll();
    this.#send("spoiler", { kind: "receive", line: { sku: SKU, location: PLACE, quantity: 3 } }, () => undefined);
    this.#drain();
    const before = this.#levels();
    const quantity = flaw === "oversell" ? this.#available() + 1 : 2;
    const call: Call = { kind: "reserve", lines: [{ sku: SKU, location: PLACE, quantity }], ttlMs: LONG_TTL_MS };
    const open = this.#recorder.begin("spoiler", call);
    this.#now++;
    if (flaw !== "lost-hold") this.#make(quantity, LONG_TTL_MS);
    this.#now++;
    open.answered({ kind: "reserved", id: `spoiled-${this.#run.seed}`, expiresAt: this.#now + LONG_TTL_MS });
    if (flaw !== "stale-read") return;
    this.#now++;
    const stale = this.#recorder.begin("spoiler", READ);
    this.#now++;
    stale.answered({ kind: "levels", levels: { ...before, version: this.#version } });
  }

  #drain(): void {
    for (;;) {
      this.#due.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = this.#due.shift();
      if (next === undefined) return;
      this.#now = Math.max(this.#now, next.at);
      next.act();
    }
  }

  #later(delayMs: number, act: () => void): void {
    this.#due.push({ at: this.#now + delayMs, order: this.#order++, act });
  }

  #think(client: string, left: number, ids: readonly string[]): void {
    if (left === 0) return;
    this.#later(this.#random.below(DELAY_MS_MAX), () => {
      this.#send(client, this.#choose(ids), (answer) => {
        this.#think(client, left - 1, answer.kind === "reserved" ? [...ids, answer.id].slice(-3) : ids);
      });
    });
  }

  #choose(ids: readonly string[]): Call {
    const kind = this.#random.below(10);
    const quantity = this.#random.between(1, 4);
    if (kind === 0) return { kind: "receive", line: { sku: SKU, location: PLACE, quantity } };
    if (kind <= 2) return READ;
    if (kind <= 5 || ids.length === 0) {
      const ttlMs = this.#random.chance(0.3) ? SHORT_TTL_MS : LONG_TTL_MS;
      return { kind: "reserve", lines: [{ sku: SKU, location: PLACE, quantity }], ttlMs };
    }
    const id = this.#random.pick(ids);
    if (kind === 6) return { kind: "extend", id, ttlMs: this.#random.chance(0.5) ? SHORT_TTL_MS : LONG_TTL_MS };
    return { kind: "transit", transit: this.#random.pick(["confirm", "release", "release", "fulfill"] as const), id };
  }

  #send(client: string, call: Call, then: (answer: Answer) => void): void {
    const open = this.#recorder.begin(client, call);
    const isLost = this.#random.chance(this.#run.lostPart);
    this.#later(this.#random.below(DELAY_MS_MAX), () => {
      const answer = isLost && this.#random.chance(0.5) ? LOST : this.#do(call);
      this.#later(this.#random.below(DELAY_MS_MAX), () => {
        const seen = isLost ? LOST : answer;
        open.answered(seen);
        then(seen);
      });
    });
  }

  #do(call: Call): Answer {
    this.#expireAll();
    switch (call.kind) {
      case "receive":
        this.#onHand += call.line.quantity;
        this.#version++;
        return { kind: "done" };
      case "read":
        return { kind: "levels", levels: { ...this.#levels(), version: this.#version } };
      case "reserve":
        return this.#reserve(call.lines[0]?.quantity ?? 0, call.ttlMs);
      case "extend":
        return this.#extend(this.#holds.get(call.id) as Hold, call.ttlMs);
      case "transit":
        return this.#transit(this.#holds.get(call.id) as Hold, call.transit);
    }
  }

  #reserve(requested: number, ttlMs: number): Answer {
    const available = this.#available();
    if (available < requested)
      return { kind: "insufficient-stock", shortages: [{ sku: SKU, location: PLACE, requested, available }] };
    return this.#make(requested, ttlMs);
  }

  #make(quantity: number, ttlMs: number): Answer {
    const id = `r${this.#holds.size}`;
    this.#holds.set(id, { status: "held", quantity, expiresAt: this.#now + ttlMs });
    this.#version++;
    return { kind: "reserved", id, expiresAt: this.#now + ttlMs };
  }

  #extend(hold: Hold, ttlMs: number): Answer {
    if (hold.status === "expired" || hold.status === "released") return refusal(`reservation-${hold.status}`);
    if (hold.status !== "held") return refusal("conflict");
    hold.expiresAt = this.#now + ttlMs;
    return { kind: "extended", expiresAt: hold.expiresAt };
  }

  #transit(hold: Hold, transit: "confirm" | "release" | "fulfill"): Answer {
    const { status } = hold;
    if (transit === "release") {
      if (status === "fulfilled") return refusal("conflict");
      if (status !== "expired") hold.status = "released";
      return DONE;
    }
    if (status === "expired" || status === "released") return refusal(`reservation-${status}`);
    if (transit === "confirm") {
      if (status === "held") hold.status = "confirmed";
      return DONE;
    }
    if (status === "held") return refusal("conflict");
    if (status === "confirmed") this.#onHand -= hold.quantity;
    hold.status = "fulfilled";
    return DONE;
  }

  #expireAll(): void {
    for (const hold of this.#holds.values()) if (hold.status === "held" && hold.expiresAt <= this.#now) hold.status = "expired";
  }

  #levels(): { onHand: number; held: number; allocated: number } {
    const units = (status: Hold["status"]): number =>
      [...this.#holds.values()].reduce((sum, hold) => (hold.status === status ? sum + hold.quantity : sum), 0);
    return { onHand: this.#onHand, held: units("held"), allocated: units("confirmed") };
  }

  #available(): number {
    const { onHand, held, allocated } = this.#levels();
    return onHand - held - allocated;
  }
}

const READ = { kind: "read", sku: SKU, location: PLACE, isStrict: true } as const;
const DONE = { kind: "done" } as const;
const LOST = { kind: "unknown" } as const;

function refusal(reason: string): Answer {
  return { kind: "refused", reason };
}
