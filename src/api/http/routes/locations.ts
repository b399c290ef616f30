/** Locations: put, listed, read. */

import {
  LocationSchema,
  LocationsViewSchema,
  LocationViewSchema,
  locationsView,
  locationView,
  noSuchLocation,
  PAGE_ITEMS_DEFAULT,
  PAGE_ITEMS_MAX,
  type Parsed,
  parseLocation,
  parseLocationId,
  problemOf,
} from "../../contract/index.ts";
import type { RouteDocs } from "../openapi.ts";
import { type Page, parsePage } from "./page.ts";
import { paramOf, type Router, type RouteSpec } from "./routes.ts";

const ONE = "/v1/locations/:location";

export function addLocationRoutes(router: Router): void {
  router.add(putRoute(router));
  router.add(listRoute(router));
  router.add(readRoute(router));
}

function putRoute({ context: { grid } }: Router): RouteSpec {
  return {
    method: "PUT",
    url: ONE,
    scope: "admin",
    docs: PUT_DOCS,
    handle: (request, reply, answers, since) => {
      const location = parseLocation(paramOf(request, "location"), request.body);
      if (!location.ok) return answers.problem(reply, since, location.problem);
      grid.putLocation(location.value, (result) => {
        if (result.kind === "fault") answers.problem(reply, since, problemOf(result));
        else answers.view(reply, since, result.kind === "created" ? 201 : 200, locationView(result.location));
      });
    },
  };
}

function listRoute({ context: { grid } }: Router): RouteSpec {
  return {
    method: "GET",
    url: "/v1/locations",
    scope: "read",
    docs: LIST_DOCS,
    handle: (request, reply, answers, since) => {
      const page = parseLocationPage(request.query);
      if (!page.ok) return answers.problem(reply, since, page.problem);
      const { after, limit } = page.value;
      grid.locations(after, limit + 1, (result) => {
        if (result.kind === "fault") answers.problem(reply, since, problemOf(result));
        else answers.view(reply, since, 200, locationsView(result.value, limit));
      });
    },
  };
}

function readRoute({ context: { grid } }: Router): RouteSpec {
  return {
    method: "GET",
    url: ONE,
    scope: "read",
    docs: READ_DOCS,
    handle: (request, reply, answers, since) => {
      const id = parseLocationId(paramOf(request, "location"));
      if (!id.ok) return answers.problem(reply, since, id.problem);
      grid.location(id.value, (result) => {
        if (result.kind === "fault") answers.problem(reply, since, problemOf(result));
        else if (result.value === undefined) answers.problem(reply, since, noSuchLocation(id.value));
        else answers.view(reply, since, 200, locationView(result.value));
      });
    },
  };
}

/** Of locations, whose pages go on after an id. */
function parseLocationPage(query: unknown): Parsed<Page> {
  const page = parsePage(query);
  if (!page.ok || page.value.after === undefined) return page;
  const id = parseLocationId(page.value.after, "query after");
  return id.ok ? page : id;
}

const TAG = "Locations";

const PUT_DOCS: RouteDocs = {
  id: "putLocation",
  tag: TAG,
  summary: "Create or replace a location",
  body: LocationSchema,
  answers: {
    200: { description: "Replaced", schema: LocationViewSchema },
    201: { description: "Created", schema: LocationViewSchema },
  },
  problems: ["invalid-request"],
};

const LIST_DOCS: RouteDocs = {
  id: "listLocations",
  tag: TAG,
  summary: "List locations",
  query: {
    after: "Id of the last location of the page before, from its `next`",
    limit: `Locations of a page, 1 to ${PAGE_ITEMS_MAX}, ${PAGE_ITEMS_DEFAULT} when absent`,
  },
  answers: { 200: { description: "A page", schema: LocationsViewSchema } },
  problems: ["invalid-request"],
};

const READ_DOCS: RouteDocs = {
  id: "getLocation",
  tag: TAG,
  summary: "Read a location",
  answers: { 200: { description: "The location", schema: LocationViewSchema } },
  problems: ["invalid-request", "not-found"],
};
