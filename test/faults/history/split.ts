/**
 * From what clients did to what happened to each record. Linearizability is local: a history is linearizable when that of
 * each record is, so each is checked alone. A reservation over several records becomes an operation on each of them.
 *
 * What the clients do not see is added: a hold may expire from its time on; and a call whose outcome is unknown may have been
 * done, so that its reservation, which nobody learned the id of, may expire.
 */

import { type Line, pairOf } from "./line.ts";
import type { Interval } from "./linearize.ts";
import type { Call, RecordedCall } from "./recorder.ts";
import type { StockAction, StockOperation } from "./stock-model.ts";

export interface SplitOptions {
  /** How far the clock of a node may be from that of the clients, ms. */
  readonly clockSlackMs: number;
  /** How long after its time a hold may live at most, ms; Infinity: this is not checked. */
  readonly expiryLateMs: number;
  /** How long after the answer, or its time, what a reservation came to may take to reach the lines of other SKUs than its first, ms. */
  readonly followMs: number;
  /** How long after a refusal units of its other lines may still be held; undefined: a refusal never holds anything. */
  readonly passingMs: number | undefined;
}

export const SPLIT_DEFAULTS: SplitOptions = {
  clockSlackMs: 50,
  expiryLateMs: Number.POSITIVE_INFINITY,
  followMs: 0,
  passingMs: undefined,
};

/**
 * An acknowledged reservation that took longer may have been opened, refused and opened again, inside the grid or by a try that was lost, ms. Seen
 * with a node killed between the two: 414 ms.
 */
const TRIED_AGAIN_MS = 100;

/** The operations on each record, by `pairOf`. */
export function splitByRecord(
  calls: readonly RecordedCall[],
  options: SplitOptions = SPLIT_DEFAULTS,
): ReadonlyMap<string, readonly StockOperation[]> {
  return new Splitter(calls, options).split();
}

/** A reservation and the records it has lines of. */
interface Made {
  readonly lines: readonly Line[];
  readonly returnedAt: number;
}

class Splitter {
  readonly #calls: readonly RecordedCall[];
  readonly #options: SplitOptions;
  readonly #operations = new Map<string, StockOperation[]>();
  readonly #made = new Map<string, Made>();
  readonly #end: number;
  #unnamed = 0;

  constructor(calls: readonly RecordedCall[], options: SplitOptions) {
    this.#calls = calls;
    this.#options = options;
    this.#end = calls.reduce((last, { invokedAt, returnedAt }) => {
      return Math.max(last, returnedAt === Number.POSITIVE_INFINITY ? invokedAt : returnedAt);
    }, 0);
  }

  split(): ReadonlyMap<string, readonly StockOperation[]> {
    for (const { call, answer, returnedAt } of this.#calls)
      if (call.kind === "reserve" && answer.kind === "reserved") this.#made.set(answer.id, { lines: call.lines, returnedAt });
    for (const each of this.#calls) this.#one(each);
    return this.#operations;
  }

  #one(recorded: RecordedCall): void {
    const { call } = recorded;
    switch (call.kind) {
      case "reserve":
        return this.#reserve(recorded, call);
      case "receive":
        return this.#add(call.line, recorded, { kind: "receive", quantity: call.line.quantity });
      case "read":
        return this.#read(recorded, call);
      case "transit":
      case "extend":
        return this.#transit(recorded, call);
    }
  }

  #read(recorded: RecordedCall, call: Call & { kind: "read" }): void {
    if (!call.isStrict || recorded.answer.kind !== "levels") return;
    const { onHand, held, allocated } = recorded.answer.levels;
    this.#add(call, recorded, { kind: "read", onHand, held, allocated });
  }

  #reserve(recorded: RecordedCall, { lines, ttlMs }: Call & { kind: "reserve" }): void {
    const { answer } = recorded;
    if (answer.kind === "insufficient-stock") {
      for (const { requested, available, ...pair } of answer.shortages)
        this.#add(pair, recorded, { kind: "short", requested, available });
      const short = new Set(answer.shortages.map(pairOf));
      const others = lines.filter((line) => !short.has(pairOf(line)));
      this.#passing(recorded, others);
      return;
    }
    const isMade = answer.kind === "reserved";
    const reservation = isMade ? answer.id : `unknown-${++this.#unnamed}`;
    const expiresAt = isMade ? answer.expiresAt : undefined;
    for (const line of lines) {
      this.#add(line, recorded, { kind: "hold", reservation, quantity: line.quantity, expiresAt });
      this.#expire(line, this.#late(line, lines), recorded, reservation, expiresAt, recorded.invokedAt + ttlMs);
    }
    if (isMade && lines.length > 1 && recorded.returnedAt - recorded.invokedAt > TRIED_AGAIN_MS) this.#passing(recorded, lines);
  }

  /** Lines of a reservation that was refused, or tried again, may have been held and given back meanwhile, when they are of several shards. */
  #passing(recorded: RecordedCall, lines: readonly Line[]): void {
    const { passingMs } = this.#options;
    if (passingMs === undefined) return;
    const reservation = `passing-${++this.#unnamed}`;
    const givenBack = { ...recorded, returnedAt: recorded.returnedAt + passingMs };
    for (const line of lines) {
      const hold = { kind: "hold", reservation, quantity: line.quantity, expiresAt: undefined } as const;
      this.#add(line, recorded, hold, { isOptional: true });
      this.#add(line, givenBack, { kind: "give-back", reservation }, { waits: true });
    }
  }

  #transit(recorded: RecordedCall, call: Call & { kind: "transit" | "extend" }): void {
    const made = this.#made.get(call.id);
    if (made === undefined) throw new Error(`the history has a ${call.kind} of reservation ${call.id}, which was never made`);
    for (const line of made.lines) {
      const late = this.#late(line, made.lines);
      const action = actionOf(recorded, call);
      this.#add(line, { ...recorded, returnedAt: recorded.returnedAt + late }, action);
      if (action.kind === "extend" && call.kind === "extend")
        this.#expire(line, late, recorded, call.id, action.expiresAt, recorded.invokedAt + call.ttlMs);
    }
  }

  /** How much later than the answer it may reach the line: nothing for that of the home shard, which is the shard of the first SKU in order. */
  #late({ sku }: Line, lines: readonly Line[]): number {
    return lines.some((other) => other.sku < sku) ? this.#options.followMs : 0;
  }

  #expire(
    line: Line,
    late: number,
    { client, returnedAt }: RecordedCall,
    reservation: string,
    expiresAt: number | undefined,
    earliest: number,
  ): void {
    const invokedAt = (expiresAt ?? earliest) - this.#options.clockSlackMs;
    if (invokedAt > this.#end) return;
    const due = expiresAt === undefined ? Number.POSITIVE_INFINITY : Math.max(expiresAt, returnedAt);
    const operation = { client, invokedAt, returnedAt: due + this.#options.expiryLateMs + late };
    this.#add(line, operation, { kind: "expire", reservation, expiresAt }, { waits: true });
  }

  #add(
    pair: { readonly sku: string; readonly location: string },
    { client, invokedAt, returnedAt }: Pick<RecordedCall, "client" | "invokedAt" | "returnedAt">,
    action: StockAction,
    traits: Pick<Interval, "isOptional" | "waits"> = {},
  ): void {
    const name = pairOf(pair);
    const operations = this.#operations.get(name) ?? [];
    operations.push({ by: client, invokedAt, returnedAt, action, ...traits });
    this.#operations.set(name, operations);
  }
}

function actionOf({ answer }: RecordedCall, call: Call & { kind: "transit" | "extend" }): StockAction {
  const transit = call.kind === "transit" ? call.transit : "extend";
  if (answer.kind === "refused") return { kind: "refused", reservation: call.id, transit, reason: answer.reason };
  if (transit !== "extend") return { kind: transit, reservation: call.id };
  return { kind: "extend", reservation: call.id, expiresAt: answer.kind === "extended" ? answer.expiresAt : undefined };
}
