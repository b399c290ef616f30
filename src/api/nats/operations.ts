/** Every subject of the contract, and how its bodies become calls of the grid. */

import type { Grid, Read, Transit, TransitResult } from "../../member/index.ts";
import type { StockRecord } from "../../stock/index.ts";
import {
  applyMovements,
  availabilityView,
  invalidRequest,
  movementItems,
  noSuchRecord,
  noSuchReservation,
  type Parsed,
  parseAvailability,
  parseEnvelope,
  parseReservationId,
  parseReserve,
  parseStockQuery,
  parseTransit,
  problemOf,
  stockRecordView,
  stockView,
} from "../contract/index.ts";
import { type Answer, type Done, problemAnswer, reservationAnswer, viewAnswer } from "./answer.ts";
import { type Operation, oneOrMany, type RunItem } from "./operation.ts";

/** Most reservations of one message. */
export const NATS_RESERVATIONS_MAX = 1_000;

export const PREFIX = "stockgrid.v1.";

export const OPERATIONS: readonly Operation[] = [
  operation("reservations.create", oneOrMany(NATS_RESERVATIONS_MAX, create)),
  operation("reservations.get", oneOrMany(NATS_RESERVATIONS_MAX, get)),
  operation("reservations.confirm", oneOrMany(NATS_RESERVATIONS_MAX, transition("confirm"))),
  operation("reservations.release", oneOrMany(NATS_RESERVATIONS_MAX, transition("release"))),
  operation("reservations.extend", oneOrMany(NATS_RESERVATIONS_MAX, transition("extend"))),
  operation("reservations.fulfill", oneOrMany(NATS_RESERVATIONS_MAX, transition("fulfill"))),
  operation("movements.apply", move),
  operation("stock.get", stock),
  operation("availability.get", availability),
];

function operation(subject: string, run: RunItem): Operation {
  return { name: subject.replace(".", "-"), subject: PREFIX + subject, run };
}

function create(grid: Grid, item: unknown, done: Done): void {
  const command = parseCreate(item);
  if (!command.ok) {
    done(problemAnswer(command.problem));
    return;
  }
  grid.reserve(command.value, (result) => {
    done(result.kind === "reserved" ? reservationAnswer(result.reservation) : problemAnswer(problemOf(result)));
  });
}

/** A body without a key, the commonest, is the body of HTTP as it stands: taking it apart would copy it. */
function parseCreate(item: unknown): ReturnType<typeof parseReserve> {
  if (typeof item === "object" && item !== null && !("idempotencyKey" in item)) return parseReserve(item, undefined);
  const envelope = parseEnvelope(item, false);
  return envelope.ok ? parseReserve(envelope.value.body, envelope.value.key) : envelope;
}

function transition(kind: Transit["transition"]): RunItem {
  return (grid, item, done) => {
    const command = parseTransition(kind, item);
    if (!command.ok) {
      done(problemAnswer(command.problem));
      return;
    }
    grid.transit(command.value, (result) => done(answerOfTransit(result)));
  };
}

function parseTransition(kind: Transit["transition"], item: unknown): Parsed<Transit> {
  const envelope = parseEnvelope(item, true);
  if (!envelope.ok) return envelope;
  const { id, body, key } = envelope.value;
  return parseTransit(kind, id as string, body, key);
}

function answerOfTransit(result: TransitResult): Answer {
  return result.kind === "reservation" ? reservationAnswer(result.reservation) : problemAnswer(problemOf(result));
}

function get(grid: Grid, item: unknown, done: Done): void {
  const id = parseGet(item);
  if (!id.ok) {
    done(problemAnswer(id.problem));
    return;
  }
  grid.reservation(id.value, (result) =>
    done(
      answerOfRead(result, (found) =>
        found === undefined ? problemAnswer(noSuchReservation(id.value)) : reservationAnswer(found),
      ),
    ),
  );
}

function parseGet(item: unknown): ReturnType<typeof parseReservationId> {
  const envelope = parseEnvelope(item, true);
  if (!envelope.ok) return envelope;
  const { id, body, key } = envelope.value;
  if (key === undefined && Object.keys(body as object).length === 0) return parseReservationId(id as string);
  return { ok: false, problem: invalidRequest([{ path: "", message: "must have no member but id" }]) };
}

function move(grid: Grid, body: unknown, done: Done): void {
  const items = movementItems(body);
  if (!items.ok) {
    done(problemAnswer(items.problem));
    return;
  }
  applyMovements(grid, items.value, (outcome) => done("results" in outcome ? viewAnswer(outcome) : problemAnswer(outcome)));
}

function stock(grid: Grid, body: unknown, done: Done): void {
  const query = parseStockQuery(body);
  if (!query.ok) {
    done(problemAnswer(query.problem));
    return;
  }
  const { sku, location, strict } = query.value;
  if (location === undefined) {
    grid.stock(sku, (result) => done(answerOfRead(result, (records) => viewAnswer(stockView(sku, records)))), { strict });
    return;
  }
  const answer = (result: Read<StockRecord | undefined>): void =>
    done(
      answerOfRead(result, (record) =>
        record === undefined ? problemAnswer(noSuchRecord(sku, location)) : viewAnswer(stockRecordView(record)),
      ),
    );
  grid.record(sku, location, answer, { strict });
}

function availability(grid: Grid, body: unknown, done: Done): void {
  const query = parseAvailability(body);
  if (!query.ok) {
    done(problemAnswer(query.problem));
    return;
  }
  const { skus, locations } = query.value;
  grid.availability(skus, locations, (result) => done(answerOfRead(result, (records) => viewAnswer(availabilityView(records)))));
}

function answerOfRead<T>(result: Read<T>, answerOf: (value: T) => Answer): Answer {
  return result.kind === "read" ? answerOf(result.value) : problemAnswer(problemOf(result));
}
