/** The ledger of a record as flat fields behind those of the record: base, folded parts, what waits, history. */

import type { EpochMs } from "../base/index.ts";
import { EMPTY_LEDGER, type Ledger, type Waiting } from "../stock/index.ts";

const WAITING_FIELDS = 8;

/** O(entries). */
export function fieldsOfLedger({ base, foldedTo, foldedCount, waiting, history }: Ledger): unknown[] {
  return [base, foldedTo, foldedCount, fieldsOfWaiting(waiting), ...history];
}

/** `fields` as {@link fieldsOfLedger} made them. */
export function ledgerOfFields(fields: readonly unknown[]): Ledger {
  const [base, foldedTo, foldedCount, waiting, ...history] = fields as [number, number, number, unknown[], ...number[]];
  return {
    base,
    foldedTo,
    foldedCount,
    waiting: waiting.length === 0 ? EMPTY_LEDGER.waiting : waitingOfFields(waiting),
    history: history.length === 0 ? EMPTY_LEDGER.history : history,
  };
}

/** Nothing is in it. */
export function isEmptyLedger({ base, foldedTo, foldedCount, waiting, history }: Ledger): boolean {
  const isFolded = foldedTo !== EMPTY_LEDGER.foldedTo || foldedCount !== EMPTY_LEDGER.foldedCount;
  return base === 0 && !isFolded && waiting.length === 0 && history.length === 0;
}

function fieldsOfWaiting(waiting: readonly Waiting[]): unknown[] {
  return waiting.flatMap(({ id, type, reverses, quantity, occurredAt, since, reason, reference }) => [
    id,
    type === "void" ? 0 : 1,
    reverses,
    quantity,
    occurredAt,
    since,
    reason ?? null,
    reference ?? null,
  ]);
}

function waitingOfFields(fields: readonly unknown[]): Waiting[] {
  const waiting: Waiting[] = [];
  for (let i = 0; i < fields.length; i += WAITING_FIELDS) {
    waiting.push({
      id: fields[i] as string,
      type: fields[i + 1] === 0 ? "void" : "return",
      reverses: fields[i + 2] as string,
      quantity: fields[i + 3] as number,
      occurredAt: fields[i + 4] as EpochMs,
      since: fields[i + 5] as EpochMs,
      reason: (fields[i + 6] as string | null) ?? undefined,
      reference: (fields[i + 7] as string | null) ?? undefined,
    });
  }
  return waiting;
}
