/**
 * What clients did, as they saw it: each call with the moments it was made and answered, on one clock that never goes back.
 *
 * H1. A call that was tried several times under one key or movement id is one call, from its first try to its last answer.
 * H2. A call without a definite answer may have taken effect at any time since, or never.
 * H3. When a call was refused after a try whose outcome is unknown, that try is a call of its own by H2: a refusal leaves the
 *     key free, so the lost try may still be on its way.
 */

import type { Line } from "./line.ts";
import type { TransitKind } from "./stock-model.ts";

export type Call =
  | { readonly kind: "reserve"; readonly lines: readonly Line[]; readonly ttlMs: number }
  | { readonly kind: "transit"; readonly transit: Exclude<TransitKind, "extend">; readonly id: string }
  | { readonly kind: "extend"; readonly id: string; readonly ttlMs: number }
  | { readonly kind: "receive"; readonly line: Line }
  | { readonly kind: "read"; readonly sku: string; readonly location: string; readonly isStrict: boolean };

export interface Shortage {
  readonly sku: string;
  readonly location: string;
  readonly requested: number;
  readonly available: number;
}

export interface Levels {
  readonly onHand: number;
  readonly held: number;
  readonly allocated: number;
  readonly version: number;
}

export type Answer =
  | { readonly kind: "reserved"; readonly id: string; readonly expiresAt: number }
  | { readonly kind: "insufficient-stock"; readonly shortages: readonly Shortage[] }
  | { readonly kind: "done" }
  | { readonly kind: "extended"; readonly expiresAt: number }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "levels"; readonly levels: Levels }
  | { readonly kind: "unknown" };

export interface RecordedCall {
  readonly client: string;
  readonly call: Call;
  readonly answer: Answer;
  /** Ms since 1970 on a clock that never goes back; `returnedAt` is Infinity for an unknown answer. */
  readonly invokedAt: number;
  readonly returnedAt: number;
}

/** A call that was made and not answered yet. */
export interface OpenCall {
  /**
   * Ends it. `lostTries`: tries before this answer whose outcome is unknown. What stays open after it, by H3 or because the
   * answer is unknown, is returned: it may be answered later, when the outcome becomes known after all.
   */
  answered(answer: Answer, lostTries?: number): OpenCall | undefined;
}

/** Ms since 1970, fine-grained, never going back while the process lives. */
export function monotonicMs(): number {
  return performance.timeOrigin + performance.now();
}

export class HistoryRecorder {
  readonly #calls: RecordedCall[] = [];
  readonly #open = new Set<Omit<RecordedCall, "answer" | "returnedAt">>();
  readonly #now: () => number;

  constructor(now: () => number = monotonicMs) {
    this.#now = now;
  }

  begin(client: string, call: Call): OpenCall {
    const begun = { client, call, invokedAt: this.#now() };
    this.#open.add(begun);
    const open: OpenCall = {
      answered: (answer, lostTries = 0) => {
        if (answer.kind === "unknown") return open;
        this.#calls.push({ ...begun, answer, returnedAt: this.#now() });
        const isRefusal = answer.kind === "insufficient-stock" || answer.kind === "refused";
        if (lostTries > 0 && isRefusal) return open;
        this.#open.delete(begun);
        return undefined;
      },
    };
    return open;
  }

  /** Every call so far; those not answered yet are unknown. */
  calls(): readonly RecordedCall[] {
    const open = [...this.#open].map((each) => ({ ...each, answer: UNKNOWN, returnedAt: Number.POSITIVE_INFINITY }));
    return [...this.#calls, ...open];
  }
}

const UNKNOWN = { kind: "unknown" } as const;
