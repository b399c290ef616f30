/** The books of a load: what was acknowledged, and what must therefore be there. */

import { type Line, type OpenCall, pairOf } from "../history/index.ts";

export type Status = "held" | "confirmed" | "released" | "fulfilled" | "expired";

export interface Acknowledged {
  readonly id: string;
  readonly lines: readonly Line[];
  /** Every status it may have now: more than one after a transition without a definite answer. */
  statuses: readonly Status[];
  /** When what is held of it ends, ms since 1970, as it was last acknowledged. */
  expiresAt: number;
}

/** A reservation that may have been made: its outcome never became known, or a lost try of it preceded a refusal. */
export interface Doubt {
  readonly key: string;
  readonly body: unknown;
  readonly lines: readonly Line[];
  readonly open: OpenCall;
}

/** A movement whose outcome never became known. */
export interface DoubtfulMovement {
  readonly body: unknown;
  readonly line: Line;
  readonly open: OpenCall;
}

export interface Expected {
  readonly onHand: number;
  readonly held: number;
  readonly allocated: number;
}

export class Books {
  readonly acknowledged: Acknowledged[] = [];
  readonly doubts: Doubt[] = [];
  readonly movements: DoubtfulMovement[] = [];
  readonly #received = new Map<string, number>();

  reserved(id: string, lines: readonly Line[], expiresAt: number): Acknowledged {
    const entry: Acknowledged = { id, lines, statuses: ["held"], expiresAt };
    this.acknowledged.push(entry);
    return entry;
  }

  received(line: Line): void {
    const name = pairOf(line);
    this.#received.set(name, (this.#received.get(name) ?? 0) + line.quantity);
  }

  /** Of a record, once every reservation has one status only. */
  expected(pair: string): Expected {
    const units = (status: Status): number => this.#units(pair, status);
    return {
      onHand: (this.#received.get(pair) ?? 0) - units("fulfilled"),
      held: units("held"),
      allocated: units("confirmed"),
    };
  }

  #units(pair: string, status: Status): number {
    let sum = 0;
    for (const { lines, statuses } of this.acknowledged)
      if (statuses[0] === status) for (const line of lines) if (pairOf(line) === pair) sum += line.quantity;
    return sum;
  }
}
