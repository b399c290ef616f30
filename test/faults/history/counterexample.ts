/** A violation as a person reads it: from the last moment the state was certain to the answer that nothing explains. */

import type { Violation } from "./linearize.ts";
import { availableUnits, type StockAction, type StockOperation, type StockState } from "./stock-model.ts";

const STATES_SHOWN_MAX = 5;
const OPERATIONS_SHOWN_MAX = 40;

export function describeViolation(
  record: string,
  operations: readonly StockOperation[],
  violation: Violation<StockState>,
): string {
  const at = operations[violation.at] as StockOperation;
  const origin = operations.reduce((first, { invokedAt }) => Math.min(first, invokedAt), Number.POSITIVE_INFINITY);
  const line = (operation: StockOperation): string => lineOf(operation, origin);
  const told = toldOperations(operations, violation);
  const reservation = "reservation" in at.action ? at.action.reservation : undefined;
  const shown = violation.states.slice(0, STATES_SHOWN_MAX).map((state) => `  ${levels(state, reservation)}`);
  const more = violation.states.length - shown.length;
  return [
    `${record}: no order of the operations explains this answer:`,
    `  ${line(at)}`,
    "the state when it came back may have been",
    ...shown,
    ...(more > 0 ? [`  ... and ${more} more`] : []),
    ...(violation.pending.length > 0 ? ["with or without what was still under way then (marked ?)"] : []),
    `nothing was under way and it was certain before: ${levels(violation.since.state, reservation)}; since then`,
    ...(told.left > 0 ? [`  ... ${told.left} older operations`] : []),
    ...told.operations.map(
      (index) => `${violation.pending.includes(index) ? "? " : "  "}${line(operations[index] as StockOperation)}`,
    ),
  ].join("\n");
}

/** What was called since the state was certain and what else concerns the same reservation, in the order of calls. */
function toldOperations(
  operations: readonly StockOperation[],
  { at, since }: Violation<StockState>,
): { operations: readonly number[]; left: number } {
  const reservation = reservationOf(operations[at] as StockOperation);
  const sameReservation = operations.flatMap((operation, index) =>
    reservation !== undefined && reservationOf(operation) === reservation ? [index] : [],
  );
  const told = new Set([...sameReservation, ...since.operations]);
  told.delete(at);
  const invokedAt = (index: number): number => (operations[index] as StockOperation).invokedAt;
  const all = [...told].filter((index) => invokedAt(index) <= (operations[at] as StockOperation).returnedAt);
  const ordered = all.sort((a, b) => invokedAt(a) - invokedAt(b));
  return { operations: ordered.slice(-OPERATIONS_SHOWN_MAX), left: Math.max(0, ordered.length - OPERATIONS_SHOWN_MAX) };
}

function reservationOf({ action }: StockOperation): string | undefined {
  return "reservation" in action ? action.reservation : undefined;
}

function levels(state: StockState, reservation: string | undefined): string {
  const { onHand, held, allocated } = state;
  const status = reservation === undefined ? undefined : state.live.get(reservation)?.status;
  const about = reservation === undefined ? "" : `, ${reservation} ${status ?? "not there"}`;
  return `onHand ${onHand}, held ${held}, allocated ${allocated}, available ${availableUnits(state)}${about}`;
}

function lineOf({ action, by, invokedAt, returnedAt }: StockOperation, origin: number): string {
  const from = (invokedAt - origin).toFixed(1);
  const to = returnedAt === Number.POSITIVE_INFINITY ? "unknown" : (returnedAt - origin).toFixed(1);
  return `${from} .. ${to} ms  ${by}  ${actionText(action)}`;
}

function actionText(action: StockAction): string {
  switch (action.kind) {
    case "receive":
      return `received ${action.quantity}`;
    case "hold":
      return `held ${action.quantity} as ${action.reservation}`;
    case "short":
      return `refused ${action.requested}: ${action.available ?? "too few"} available`;
    case "read":
      return `read onHand ${action.onHand}, held ${action.held}, allocated ${action.allocated}`;
    case "refused":
      return `${action.transit} of ${action.reservation} refused: ${action.reason}`;
    default:
      return `${action.kind} of ${action.reservation}`;
  }
}
