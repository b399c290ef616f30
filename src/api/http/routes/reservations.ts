/** Reservations: made, read, and led through their life. */

import {
  ExtendSchema,
  noSuchReservation,
  parseReservationId,
  parseReserve,
  parseTransit,
  problemOf,
  ReservationViewSchema,
  ReserveSchema,
  reservationJson,
  TransitLinesSchema,
} from "../../contract/index.ts";
import { idempotencyKeyOf } from "../body.ts";
import type { RouteDocs } from "../openapi.ts";
import { paramOf, type Router, type RouteSpec } from "./routes.ts";

const BASE = "/v1/reservations";

export function addReservationRoutes(router: Router): void {
  router.add(reserveRoute(router));
  router.add(readRoute(router));
  for (const transition of ["confirm", "release", "extend", "fulfill"] as const) router.add(transitRoute(router, transition));
}

function reserveRoute({ context: { grid } }: Router): RouteSpec {
  return {
    method: "POST",
    url: BASE,
    scope: "write",
    docs: RESERVE_DOCS,
    handle: (request, reply, answers, since) => {
      const key = idempotencyKeyOf(request);
      if (!key.ok) return answers.problem(reply, since, key.problem);
      const command = parseReserve(request.body, key.value);
      if (!command.ok) return answers.problem(reply, since, command.problem);
      grid.reserve(command.value, (result) => {
        if (result.kind !== "reserved") answers.problem(reply, since, problemOf(result));
        else answers.json(reply, since, result.repeated ? 200 : 201, reservationJson(result.reservation));
      });
    },
  };
}

function readRoute({ context: { grid } }: Router): RouteSpec {
  return {
    method: "GET",
    url: `${BASE}/:id`,
    scope: "read",
    docs: READ_DOCS,
    handle: (request, reply, answers, since) => {
      const id = parseReservationId(paramOf(request, "id"));
      if (!id.ok) return answers.problem(reply, since, id.problem);
      grid.reservation(id.value, (result) => {
        if (result.kind === "fault") answers.problem(reply, since, problemOf(result));
        else if (result.value === undefined) answers.problem(reply, since, noSuchReservation(id.value));
        else answers.json(reply, since, 200, reservationJson(result.value));
      });
    },
  };
}

type TransitionName = "confirm" | "release" | "extend" | "fulfill";

function transitRoute({ context: { grid } }: Router, transition: TransitionName): RouteSpec {
  return {
    method: "POST",
    url: `${BASE}/:id/${transition}`,
    scope: "write",
    docs: TRANSIT_DOCS[transition],
    handle: (request, reply, answers, since) => {
      const key = idempotencyKeyOf(request);
      if (!key.ok) return answers.problem(reply, since, key.problem);
      const command = parseTransit(transition, paramOf(request, "id"), request.body, key.value);
      if (!command.ok) return answers.problem(reply, since, command.problem);
      grid.transit(command.value, (result) => {
        if (result.kind === "reservation") answers.json(reply, since, 200, reservationJson(result.reservation));
        else answers.problem(reply, since, problemOf(result));
      });
    },
  };
}

const TAG = "Reservations";

const RESERVE_DOCS: RouteDocs = {
  id: "reserve",
  tag: TAG,
  summary: "Hold units",
  description:
    "All lines or none; in mode `partial` each line what is there. Held units are for sale again when the time is over.",
  body: ReserveSchema,
  takesKey: true,
  answers: {
    201: { description: "Held", schema: ReservationViewSchema },
    200: { description: "The same reservation again: the key was used with the same body", schema: ReservationViewSchema },
  },
  problems: ["invalid-request", "insufficient-stock", "idempotency-key-reused"],
};

const READ_DOCS: RouteDocs = {
  id: "getReservation",
  tag: TAG,
  summary: "Read a reservation",
  answers: { 200: { description: "The reservation", schema: ReservationViewSchema } },
  problems: ["invalid-request", "not-found"],
};

function transitDocs(id: TransitionName, summary: string, description: string): RouteDocs {
  return {
    id,
    tag: TAG,
    summary,
    description,
    body: id === "extend" ? ExtendSchema : TransitLinesSchema,
    takesKey: true,
    answers: { 200: { description: "The reservation as it is now", schema: ReservationViewSchema } },
    problems: [
      "invalid-request",
      "not-found",
      "conflict",
      ...(id === "release" ? [] : (["reservation-expired", "reservation-released"] as const)),
      "idempotency-key-reused",
    ],
  };
}

const TRANSIT_DOCS: Readonly<Record<TransitionName, RouteDocs>> = {
  confirm: transitDocs("confirm", "Confirm", "Held units become allocated and no longer expire. Repeating it is 200."),
  release: transitDocs("release", "Release", "Held and allocated units are for sale again. Releasing twice is 200."),
  extend: transitDocs("extend", "Extend", "Held units expire `ttlSeconds` from now."),
  fulfill: transitDocs("fulfill", "Fulfil", "Shipped or picked up: allocated and onHand go down. Repeating it is 200."),
};
