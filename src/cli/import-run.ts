/**
 * The pipeline of an import: rows -> batches -> a few requests in flight -> outcomes in the order of the rows.
 *
 * I1. At most `inFlight` batches are in memory, whatever the size of the input.
 * I2. `onSettled` tells of rows in order: when it says row n, every row up to n has its outcome and its reject is written.
 */

import type { Connection } from "./connection.ts";
import { type ColumnMap, type ImportKind, itemOf } from "./import-kind.ts";
import type { Fields, SourceRow } from "./import-rows.ts";
import { type Outcome, sendBatch } from "./import-send.ts";

export interface Reject {
  readonly row: number;
  readonly reason: string;
  /** What the row said. */
  readonly source: unknown;
}

export interface ImportCounts {
  applied: number;
  /** Known to the grid from before. */
  duplicate: number;
  pending: number;
  rejected: number;
}

export interface ImportPlan {
  readonly rows: AsyncIterable<SourceRow>;
  readonly kind: ImportKind;
  readonly map: ColumnMap;
  /** Id of a row that brings none; undefined when ids cannot be made. */
  readonly idOfRow: (row: number) => string | undefined;
  readonly connection: Connection;
  readonly inFlight: number;
  readonly batchRows: number;
  readonly patienceMs: number;
  /** Rows up to this one were done before. */
  readonly doneRows: number;
  readonly stop: AbortSignal;
  readonly onReject: (reject: Reject) => void;
  readonly onSettled: (row: number, counts: Readonly<ImportCounts>) => void;
}

/** Resolves to the counts when all rows have an outcome; rejects with CommandFailed or the abort. */
export async function runImport(plan: ImportPlan): Promise<ImportCounts> {
  const flight = new Flight(plan);
  try {
    let batch = new Batch();
    for await (const row of plan.rows) {
      plan.stop.throwIfAborted();
      if (row.row <= plan.doneRows) continue;
      batch.add(row, plan);
      if (batch.rows < plan.batchRows) continue;
      await flight.send(batch);
      batch = new Batch();
    }
    if (batch.rows > 0) await flight.send(batch);
  } finally {
    // On failure too: what is in the air has an outcome worth keeping.
    await flight.landed();
  }
  flight.throwFailure();
  return flight.counts;
}

class Batch {
  readonly items: { readonly row: number; readonly body: Fields }[] = [];
  readonly rejects: Reject[] = [];
  outcomes: readonly Outcome[] | undefined;
  lastRow = 0;
  rows = 0;

  add(row: SourceRow, { kind, map, idOfRow }: ImportPlan): void {
    this.lastRow = row.row;
    this.rows++;
    const item = "wrong" in row ? row : itemOf(row.fields, kind, map, idOfRow(row.row));
    if ("body" in item) this.items.push({ row: row.row, body: item.body });
    else this.rejects.push({ row: row.row, reason: item.wrong, source: "raw" in row ? row.raw : row.fields });
  }

  settle(outcomes: readonly Outcome[]): void {
    this.outcomes = outcomes;
    for (const [index, outcome] of outcomes.entries()) {
      const item = this.items[index];
      if (item !== undefined && outcome.status === "rejected")
        this.rejects.push({ row: item.row, reason: outcome.reason, source: item.body });
    }
    this.rejects.sort((a, b) => a.row - b.row);
  }
}

/** The batches in the air, in the order of their rows. */
class Flight {
  readonly counts: ImportCounts = { applied: 0, duplicate: 0, pending: 0, rejected: 0 };
  readonly #plan: ImportPlan;
  readonly #batches: Batch[] = [];
  readonly #sending = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(plan: ImportPlan) {
    this.#plan = plan;
  }

  /** Resolves when there is room for one more. */
  async send(batch: Batch): Promise<void> {
    this.throwFailure();
    this.#batches.push(batch);
    const sending = this.#deliver(batch).finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
    while (this.#batches.length >= this.#plan.inFlight && this.#failure === undefined) await Promise.race(this.#sending);
    this.throwFailure();
  }

  async landed(): Promise<void> {
    await Promise.all(this.#sending);
  }

  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #deliver(batch: Batch): Promise<void> {
    try {
      batch.settle(
        await sendBatch(
          batch.items.map((item) => item.body),
          this.#plan,
        ),
      );
      this.#report();
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  /** Tells of every batch at the front that has its outcomes (I2). */
  #report(): void {
    for (let batch = this.#batches[0]; batch?.outcomes !== undefined; batch = this.#batches[0]) {
      this.#batches.shift();
      for (const outcome of batch.outcomes) if (outcome.status !== "rejected") this.counts[outcome.status]++;
      this.counts.rejected += batch.rejects.length;
      for (const reject of batch.rejects) this.#plan.onReject(reject);
      this.#plan.onSettled(batch.lastRow, this.counts);
    }
  }
}
