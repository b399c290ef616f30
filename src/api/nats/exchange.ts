/**
 * One admitted message: its items go to the grid in order, its one answer goes back when the last of them is answered.
 *
 * X1. Every item is answered once; what comes later for an item is dropped.
 * X2. An exception in one item becomes that item's problem; the others go on.
 */

import type { Grid } from "../../member/index.ts";
import { type Answer, bad } from "./answer.ts";
import type { BodyForm } from "./body.ts";
import type { EndpointCounters } from "./micro.ts";
import type { Operation } from "./operation.ts";
import { failedProblem } from "./refusals.ts";

/** Where a message came from, and what is counted about it. */
export interface Caller {
  readonly operation: Operation;
  readonly counters: EndpointCounters;
  readonly reply: string;
  readonly form: BodyForm;
  /** Arrival, ms of the monotonic clock. */
  readonly arrivedMs: number;
}

/** What an exchange needs of its desk. */
export interface ExchangeDesk {
  readonly grid: Grid;
  failed(caller: Caller, error: unknown): void;
  /** All items are answered. `problem` is set only when the whole message is one item and that is refused. */
  finish(caller: Caller, items: number, answer: Answer): void;
}

export class Exchange {
  readonly #desk: ExchangeDesk;
  readonly #caller: Caller;
  readonly #isList: boolean;
  readonly #answers: (Answer | undefined)[];
  #left: number;

  constructor(desk: ExchangeDesk, caller: Caller, items: number, isList: boolean) {
    this.#desk = desk;
    this.#caller = caller;
    this.#isList = isList;
    this.#answers = new Array<Answer | undefined>(items).fill(undefined);
    this.#left = items;
  }

  /** Hands over the items; an empty list is answered at once. */
  run(items: readonly unknown[]): void {
    if (items.length === 0) this.#finish();
    for (let index = 0; index < items.length; index++) this.#runItem(items[index], index);
  }

  #runItem(item: unknown, index: number): void {
    try {
      this.#caller.operation.run(this.#desk.grid, item, (answer) => this.#settle(index, answer));
    } catch (error) {
      this.#desk.failed(this.#caller, error);
      this.#settle(index, bad(failedProblem()));
    }
  }

  #settle(index: number, answer: Answer): void {
    if (this.#answers[index] !== undefined) return;
    this.#answers[index] = answer;
    this.#left--;
    if (this.#left === 0) this.#finish();
  }

  #finish(): void {
    const answers = this.#answers as Answer[];
    this.#desk.finish(this.#caller, answers.length, this.#whole(answers));
  }

  #whole(answers: readonly Answer[]): Answer {
    const { wrap } = this.#caller.operation;
    if (wrap === undefined && !this.#isList) return answers[0] as Answer;
    const bodies = answers.map((answer) => answer.body);
    return { body: wrap === undefined ? bodies : wrap(bodies), problem: undefined };
  }
}
