/** One SKU at one location: state, events, and the pure rules that turn what happens into events. */
export { decideMovement, decideSettled } from "./decide-movement.ts";
export {
  causeOf,
  movedUnits,
  STOCK_EVENT_KINDS,
  STOCK_NOTES,
  type StockEvent,
  type StockEventKind,
  type StockNote,
} from "./events.ts";
export { followReservation, holdable, type LineDelta, type ReservationStockKind } from "./follow.ts";
export { EMPTY_LEDGER, HISTORY_MAX, type Ledger, ledgerOfFirst, levelOf, WAITING_MAX, type Waiting } from "./ledger.ts";
export { type LevelOutOfRange, MOVEMENT_TYPES, type Movement, type MovementType, QUARANTINE_REASON } from "./movement.ts";
export { available, emptyRecord, evolve, type StockRecord } from "./record.ts";
export { EFFECT_KINDS, effectOf, type MovementEffect, mustWait, type Named } from "./reversal.ts";
