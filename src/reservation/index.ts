/** The life of a reservation over lines, from held to fulfilled, released or expired. */
export {
  createReservation,
  evolveReservation,
  heldUnits,
  type LineChange,
  RESERVATION_EVENT_KINDS,
  type Reservation,
  type ReservationChanged,
  type ReservationEvent,
  type ReservationEventKind,
  type ReservationHeld,
  type ReservationLine,
  type ReservationMode,
  type ReservationStatus,
  statusOf,
} from "./reservation.ts";
export { formatReservationId, skuHashOfReservationId } from "./reservation-id.ts";
export {
  decideTransition,
  type LinePart,
  type Transition,
  type TransitionDecision,
  type TransitionRejection,
} from "./transitions.ts";
