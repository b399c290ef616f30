/** Aliases: what codes of sources stand for. */

import type { AliasBook, AliasKind } from "../../../aliases/index.ts";
import {
  AliasesViewSchema,
  AliasSchema,
  AliasViewSchema,
  aliasView,
  PAGE_ITEMS_DEFAULT,
  PAGE_ITEMS_MAX,
  parseAlias,
  parseAliasKind,
  problem,
  problemOf,
} from "../../contract/index.ts";
import type { RouteDocs } from "../openapi.ts";
import { parsePage } from "./page.ts";
import { paramOf, type Router, type RouteSpec } from "./routes.ts";

type Aliases = Pick<AliasBook, "get" | "list" | "put" | "remove">;

const ONE = "/v1/aliases/:kind/:code";

export function addAliasRoutes(router: Router): void {
  const { aliases } = router.context;
  if (aliases === undefined) return;
  for (const add of [putRoute, listRoute, readRoute, removeRoute]) router.add(add(aliases));
}

function putRoute(aliases: Aliases): RouteSpec {
  return {
    method: "PUT",
    url: ONE,
    scope: "admin",
    docs: PUT_DOCS,
    handle: (request, reply, answers, since) => {
      const kind = parseAliasKind(paramOf(request, "kind"));
      if (!kind.ok) return answers.problem(reply, since, kind.problem);
      const alias = parseAlias(kind.value, paramOf(request, "code"), request.body);
      if (!alias.ok) return answers.problem(reply, since, alias.problem);
      void aliases.put(alias.value).then((result) => {
        if (result.kind === "fault") answers.problem(reply, since, problemOf(result));
        else if (result.kind === "full") answers.problem(reply, since, problem("conflict", result.detail));
        else answers.view(reply, since, result.kind === "created" ? 201 : 200, aliasView(alias.value));
      });
    },
  };
}

function readRoute(aliases: Aliases): RouteSpec {
  return {
    method: "GET",
    url: ONE,
    scope: "read",
    docs: READ_DOCS,
    handle: (request, reply, answers, since) => {
      const kind = parseAliasKind(paramOf(request, "kind"));
      if (!kind.ok) return answers.problem(reply, since, kind.problem);
      const alias = aliases.get(kind.value, paramOf(request, "code"));
      if (alias === undefined) answers.problem(reply, since, unknown(paramOf(request, "code")));
      else answers.view(reply, since, 200, aliasView(alias));
    },
  };
}

function removeRoute(aliases: Aliases): RouteSpec {
  return {
    method: "DELETE",
    url: ONE,
    scope: "admin",
    docs: REMOVE_DOCS,
    handle: (request, reply, answers, since) => {
      const kind = parseAliasKind(paramOf(request, "kind"));
      if (!kind.ok) return answers.problem(reply, since, kind.problem);
      const code = paramOf(request, "code");
      const before = aliases.get(kind.value, code);
      void aliases.remove(kind.value, code).then((result) => {
        if (result.kind === "fault") answers.problem(reply, since, problemOf(result));
        else if (before === undefined) answers.problem(reply, since, unknown(code));
        else answers.view(reply, since, 200, aliasView(before));
      });
    },
  };
}

function listRoute(aliases: Aliases): RouteSpec {
  return {
    method: "GET",
    url: "/v1/aliases/:kind",
    scope: "read",
    docs: LIST_DOCS,
    handle: (request, reply, answers, since) => {
      const kind = parseAliasKind(paramOf(request, "kind"));
      if (!kind.ok) return answers.problem(reply, since, kind.problem);
      const page = parsePage(request.query);
      if (!page.ok) return answers.problem(reply, since, page.problem);
      const { after, limit } = page.value;
      const found = aliases.list(kind.value as AliasKind, after, limit + 1);
      const items = found.slice(0, limit);
      const next = found.length > limit ? items.at(-1)?.code : undefined;
      answers.view(reply, since, 200, { items: items.map(aliasView), ...(next === undefined ? {} : { next }) });
    },
  };
}

const unknown = (code: string): ReturnType<typeof problem> =>
  problem("not-found", `nobody told what ${JSON.stringify(code.slice(0, 64))} stands for`);

const TAG = "Ingest";
const ABOUT =
  "`kind` is `items` or `locations`. A code is looked up as the source writes it, and a GTIN also in its form of 14 digits; `pos:9` is the `9` of the source `pos` alone.";

const PUT_DOCS: RouteDocs = {
  id: "putAlias",
  tag: TAG,
  summary: "Tell what a code stands for",
  description: ABOUT,
  body: AliasSchema,
  answers: {
    200: { description: "Replaced", schema: AliasViewSchema },
    201: { description: "Created", schema: AliasViewSchema },
  },
  problems: ["invalid-request", "not-found", "conflict"],
};

const READ_DOCS: RouteDocs = {
  id: "getAlias",
  tag: TAG,
  summary: "Read what a code stands for",
  answers: { 200: { description: "The alias", schema: AliasViewSchema } },
  problems: ["not-found"],
};

const REMOVE_DOCS: RouteDocs = {
  id: "removeAlias",
  tag: TAG,
  summary: "Forget what a code stands for",
  answers: { 200: { description: "What it stood for", schema: AliasViewSchema } },
  problems: ["not-found"],
};

const LIST_DOCS: RouteDocs = {
  id: "listAliases",
  tag: TAG,
  summary: "List aliases",
  query: {
    after: "Code of the last alias of the page before, from its `next`",
    limit: `Aliases of a page, 1 to ${PAGE_ITEMS_MAX}, ${PAGE_ITEMS_DEFAULT} when absent`,
  },
  answers: { 200: { description: "A page", schema: AliasesViewSchema } },
  problems: ["invalid-request", "not-found"],
};
