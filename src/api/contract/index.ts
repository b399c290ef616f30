/** The contract that every front end shares: schemas, problems, requests read into commands, answers as views. */

export { formatTime, parseTime } from "../../forms/index.ts";
export {
  applyMovement,
  applyMovements,
  type MovementResultsView,
  type MovementResultView,
  movementResultView,
} from "./apply-movements.ts";
export type { Parsed } from "./check.ts";
export { parseIdempotencyKey, parseLocationId, parseReservationId, parseSku } from "./check-text.ts";
export {
  type ClusterAdmin,
  clusterView,
  knownShard,
  parseDrain,
  parseMembersCount,
  parseMove,
  type ShardMove,
} from "./cluster-admin.ts";
export { canonicalJson, fingerprintOf } from "./fingerprint.ts";
export {
  aliasView,
  deadLetterLine,
  deadLetterView,
  faultOfAllEvents,
  ingestItems,
  ingestResultView,
  parseAlias,
  parseAliasKind,
  parseSeq,
} from "./ingest.ts";
export * from "./limits.ts";
export { problemOf, type Refusal, retryAfterSeconds } from "./outcomes.ts";
export { type LocationToPut, parseLocation } from "./parse-location.ts";
export { movementItems, parseMovement, readableMovementId, tooManyMovements } from "./parse-movement.ts";
export {
  type AvailabilityQuery,
  type Envelope,
  parseAvailability,
  parseConsistency,
  parseEnvelope,
  parseStockQuery,
  type StockQuery,
} from "./parse-query.ts";
export { parseReserve, parseTransit } from "./parse-reservation.ts";
export {
  type FieldError,
  invalidRequest,
  noSuchLocation,
  noSuchRecord,
  noSuchReservation,
  PROBLEM_MEDIA_TYPE,
  PROBLEM_SLUGS,
  PROBLEMS,
  type Problem,
  type ProblemExtras,
  type ProblemKind,
  type ProblemSlug,
  problem,
  slugOf,
} from "./problems.ts";
export { reservationJson } from "./reservation-json.ts";
export * from "./schemas/index.ts";
export { availabilityView, locationsView, locationView, reservationView, stockRecordView, stockView } from "./views.ts";
