/**
 * The order in which the feed merges lanes, written down durably before the events are: STOCK_FEED_ORDER, one small message a run.
 *
 * O1. A run is published only after its plan is stored, and a plan is stored only as the successor of the one that its writer has seen.
 * O2. So the plans tell which event is message n of STOCK_EVENTS, once and for all: when the server loses the end of that stream, which
 *     persists asynchronously, the same events come at the same sequences again. Nobody who read the lost end sees a difference.
 *
 * Cost: one synced message for up to 512 events.
 */

import { JetStreamApiError, type JetStreamManager, jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { CorruptData } from "../base/index.ts";
import { ChainBroken } from "./chain-publisher.ts";
import { ORDER_STREAM, ORDER_SUBJECT } from "./streams.ts";

/** Neighbouring stock entries of one record. */
export interface Segment {
  readonly lane: string;
  readonly record: number;
  /** Index of the first and of the last entry. */
  readonly from: number;
  readonly to: number;
  /** Stock entries among them. */
  readonly count: number;
}

export interface Plan {
  /** When STOCK_EVENTS was made: plans for another stream say nothing. */
  readonly created: string;
  /** Sequence of the first message of the run. */
  readonly first: number;
  readonly segments: readonly Segment[];
}

const APPEND_MS_MAX = 5_000;

export class OrderLog {
  readonly #connection: NatsConnection;
  readonly #created: string;
  #last: number;

  private constructor(connection: NatsConnection, created: string, last: number) {
    this.#connection = connection;
    this.#created = created;
    this.#last = last;
  }

  /** Opens the log and reads the plans for messages behind `last`, ascending. Reads one plan, and those. To be read after the end of the events. */
  static async open(
    connection: NatsConnection,
    jsm: JetStreamManager,
    events: { readonly created: string; readonly last: number },
  ): Promise<{ readonly log: OrderLog; readonly ahead: readonly Plan[] }> {
    const { state } = await jsm.streams.info(ORDER_STREAM);
    const ahead: Plan[] = [];
    for (let seq = state.last_seq; seq >= state.first_seq && seq > 0; seq--) {
      const message = await jsm.streams.getMessage(ORDER_STREAM, { seq });
      const plan = message === null ? undefined : planOf(message.json(), seq);
      if (plan === undefined || plan.created !== events.created || endOf(plan) <= events.last) break;
      ahead.unshift(plan);
    }
    return { log: new OrderLog(connection, events.created, state.last_seq), ahead };
  }

  /** Resolves once it is stored. Rejects with ChainBroken when another writer was faster or the outcome is not known. */
  async append(first: number, segments: readonly Segment[]): Promise<void> {
    const plan: Plan = { created: this.#created, first, segments };
    try {
      const options = { expect: { lastSequence: this.#last }, timeout: APPEND_MS_MAX, retries: 0 };
      this.#last = (await jetstream(this.#connection).publish(ORDER_SUBJECT, JSON.stringify(rowsOf(plan)), options)).seq;
    } catch (cause) {
      const code = cause instanceof JetStreamApiError ? ` (${cause.code})` : "";
      throw new ChainBroken(`the order of the events was not taken${code}`, { cause });
    }
  }
}

/** Sequence of the last message of the run. */
export function endOf(plan: Plan): number {
  return plan.first - 1 + plan.segments.reduce((sum, { count }) => sum + count, 0);
}

type SegmentRow = readonly [lane: string, record: number, from: number, to: number, count: number];
type PlanRow = readonly [created: string, first: number, ...segments: SegmentRow[]];

function rowsOf({ created, first, segments }: Plan): PlanRow {
  return [created, first, ...segments.map(({ lane, record, from, to, count }): SegmentRow => [lane, record, from, to, count])];
}

function planOf(value: unknown, seq: number): Plan {
  if (!isPlanRow(value)) throw new CorruptData("not a plan of the feed", `${ORDER_STREAM}, sequence ${seq}`);
  const [created, first, ...rows] = value;
  return { created, first, segments: rows.map(([lane, record, from, to, count]) => ({ lane, record, from, to, count })) };
}

function isPlanRow(value: unknown): value is PlanRow {
  if (!Array.isArray(value)) return false;
  const [created, first, ...rows] = value as unknown[];
  return typeof created === "string" && Number.isSafeInteger(first) && rows.every(isSegmentRow);
}

function isSegmentRow(row: unknown): boolean {
  if (!Array.isArray(row) || row.length !== 5) return false;
  const [lane, ...numbers] = row as unknown[];
  return typeof lane === "string" && numbers.every(Number.isSafeInteger);
}
