/** One SKU at one location: state, events, and the pure rules that turn what happens into events. */
export { causeOf, STOCK_EVENT_KINDS, type StockEvent, type StockEventKind } from "./events.ts";
export { followReservation, holdable, type LineDelta, type ReservationStockKind } from "./follow.ts";
export {
  decideMovement,
  type LevelOutOfRange,
  MOVEMENT_TYPES,
  type Movement,
  type MovementType,
  QUARANTINE_REASON,
} from "./movement.ts";
export { available, emptyRecord, evolve, RECENT_MOVES_MAX, type RecentMove, type StockRecord } from "./record.ts";
