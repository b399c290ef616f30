/** The life of a reservation over lines, from held to fulfilled, released or expired. */
export { decideGrant, decideRefusal, decideSettlement, type Grants } from "./opening.ts";
export { decideFollow, type Followed, isOver, type Participation, type ParticipationLine } from "./participation.ts";
export {
  createReservation,
  evolveReservation,
  heldUnits,
  type LineChange,
  makesReservation,
  RESERVATION_EVENT_KINDS,
  type Reservation,
  type ReservationChanged,
  type ReservationEvent,
  type ReservationEventKind,
  type ReservationHeld,
  type ReservationLine,
  type ReservationMade,
  type ReservationMode,
  type ReservationOpened,
  type ReservationStage,
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
