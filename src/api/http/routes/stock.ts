/** Movements in, stock and availability out. */

import type { Read } from "../../../member/index.ts";
import type { StockRecord } from "../../../stock/index.ts";
import {
  AvailabilitySchema,
  AvailabilityViewSchema,
  applyMovements,
  availabilityView,
  CONSISTENCY_RULE,
  MovementResultsViewSchema,
  MovementsSchema,
  movementItems,
  noSuchRecord,
  parseAvailability,
  parseConsistency,
  parseLocationId,
  parseSku,
  problemOf,
  StockRecordViewSchema,
  StockViewSchema,
  stockRecordView,
  stockView,
} from "../../contract/index.ts";
import type { RouteDocs } from "../openapi.ts";
import { paramOf, type Router, type RouteSpec } from "./routes.ts";

export function addStockRoutes(router: Router): void {
  router.add(movementsRoute(router));
  router.add(stockRoute(router));
  router.add(recordRoute(router));
  router.add(availabilityRoute(router));
}

function movementsRoute({ context: { grid, limits } }: Router): RouteSpec {
  return {
    method: "POST",
    url: "/v1/movements",
    scope: "write",
    bodyBytesMax: limits.movementsBodyBytesMax,
    docs: MOVEMENTS_DOCS,
    handle: (request, reply, answers, since) => {
      const items = movementItems(request.body);
      if (!items.ok) return answers.problem(reply, since, items.problem);
      applyMovements(grid, items.value, (outcome) => {
        if ("results" in outcome) answers.view(reply, since, 200, outcome);
        else answers.problem(reply, since, outcome);
      });
    },
  };
}

function stockRoute({ context: { grid } }: Router): RouteSpec {
  return {
    method: "GET",
    url: "/v1/stock/:sku",
    scope: "read",
    docs: STOCK_DOCS,
    handle: (request, reply, answers, since) => {
      const sku = parseSku(paramOf(request, "sku"));
      if (!sku.ok) return answers.problem(reply, since, sku.problem);
      const strict = parseConsistency(request.query);
      if (!strict.ok) return answers.problem(reply, since, strict.problem);
      const answer = (result: Read<readonly StockRecord[]>): void => {
        if (result.kind === "fault") answers.problem(reply, since, problemOf(result));
        else answers.view(reply, since, 200, stockView(sku.value, result.value));
      };
      grid.stock(sku.value, answer, { strict: strict.value });
    },
  };
}

function recordRoute({ context: { grid } }: Router): RouteSpec {
  return {
    method: "GET",
    url: "/v1/stock/:sku/:location",
    scope: "read",
    docs: RECORD_DOCS,
    handle: (request, reply, answers, since) => {
      const sku = parseSku(paramOf(request, "sku"));
      if (!sku.ok) return answers.problem(reply, since, sku.problem);
      const location = parseLocationId(paramOf(request, "location"));
      if (!location.ok) return answers.problem(reply, since, location.problem);
      const strict = parseConsistency(request.query);
      if (!strict.ok) return answers.problem(reply, since, strict.problem);
      const answer = (result: Read<StockRecord | undefined>): void => {
        if (result.kind === "fault") answers.problem(reply, since, problemOf(result));
        else if (result.value === undefined) answers.problem(reply, since, noSuchRecord(sku.value, location.value));
        else answers.view(reply, since, 200, stockRecordView(result.value));
      };
      grid.record(sku.value, location.value, answer, { strict: strict.value });
    },
  };
}

function availabilityRoute({ context: { grid } }: Router): RouteSpec {
  return {
    method: "POST",
    url: "/v1/availability",
    scope: "read",
    docs: AVAILABILITY_DOCS,
    handle: (request, reply, answers, since) => {
      const query = parseAvailability(request.body);
      if (!query.ok) return answers.problem(reply, since, query.problem);
      grid.availability(query.value.skus, query.value.locations, (result) => {
        if (result.kind === "fault") answers.problem(reply, since, problemOf(result));
        else answers.view(reply, since, 200, availabilityView(result.value));
      });
    },
  };
}

const TAG = "Stock";

const MOVEMENTS_DOCS: RouteDocs = {
  id: "move",
  tag: TAG,
  summary: "Tell what happened to stock",
  description:
    "One movement or up to 10,000. Each is judged on its own; the same id with other content is `duplicate` and changes nothing.",
  body: MovementsSchema,
  answers: { 200: { description: "What became of each, in the order given", schema: MovementResultsViewSchema } },
  problems: ["invalid-request"],
};

const STOCK_DOCS: RouteDocs = {
  id: "getStock",
  tag: TAG,
  summary: "Read a SKU at every location",
  query: { consistency: CONSISTENCY_RULE },
  description: "No records for a SKU never seen.",
  answers: { 200: { description: "Records and their totals", schema: StockViewSchema } },
  problems: ["invalid-request"],
};

const RECORD_DOCS: RouteDocs = {
  id: "getRecord",
  tag: TAG,
  summary: "Read a SKU at one location",
  query: { consistency: CONSISTENCY_RULE },
  answers: { 200: { description: "The record", schema: StockRecordViewSchema } },
  problems: ["invalid-request", "not-found"],
};

const AVAILABILITY_DOCS: RouteDocs = {
  id: "getAvailability",
  tag: TAG,
  summary: "Read what may be promised",
  body: AvailabilitySchema,
  answers: { 200: { description: "What is known of them", schema: AvailabilityViewSchema } },
  problems: ["invalid-request"],
};
