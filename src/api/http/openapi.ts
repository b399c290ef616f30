/** The OpenAPI description, made by @fastify/swagger from what the routes say of themselves. Built when first asked for. */

import swagger, { type SwaggerTransform } from "@fastify/swagger";
import type { FastifyInstance, FastifySchema } from "fastify";
import { KeySchema, PROBLEM_MEDIA_TYPE, PROBLEMS, ProblemSchema, type ProblemSlug } from "../contract/index.ts";
import { finishDescription } from "./openapi-components.ts";
import type { HttpContext, Scope } from "./options.ts";

export interface RouteDocs {
  /** Operation id. */
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly body?: object;
  /** Whether it reads an `Idempotency-Key`. */
  readonly takesKey?: boolean;
  /** Parameters of the query, each with what it means. */
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, object>>;
  readonly answers: Readonly<Record<number, AnswerDocs>>;
  /** Besides those that any operation may give. */
  readonly problems: readonly ProblemSlug[];
}

export interface AnswerDocs {
  readonly description: string;
  /** JSON, unless `mediaType` says otherwise. */
  readonly schema: object;
  readonly mediaType?: string;
}

declare module "fastify" {
  interface FastifyContextConfig {
    docs?: RouteDocs;
    scope?: Scope | undefined;
  }
}

/** Of every path, of every operation with a scope, of those with a body and of those that change something. */
const EVERYWHERE = ["method-not-allowed"] as const;
const SCOPED = ["unauthorized", "forbidden", "too-many-requests", "not-ready"] as const;
const WITH_BODY = ["payload-too-large", "unsupported-media-type"] as const;
const CHANGING = ["outcome-unknown"] as const;

const TEXT = { type: "string" } as const;

export function describeApi(app: FastifyInstance, { version, cluster }: HttpContext): void {
  app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "StockGrid",
        version,
        description: `Can this unit be promised, from where, and will it still be there? Cluster \`${cluster}\`. Errors are RFC 9457 problems.`,
        license: { name: "Apache-2.0", identifier: "Apache-2.0" } as { name: string },
      },
      servers: [{ url: "/" }],
      tags: ["Reservations", "Stock", "Locations", "Ingest", "Events", "Cluster", "Node"].map((name) => ({ name })),
      components: {
        securitySchemes: {
          bearer: { type: "http", scheme: "bearer", description: "An API key; scopes are read, write and admin" },
          apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
        },
      },
    },
    transform,
  });
}

/** The whole document. To be asked for once the app is ready; a few milliseconds. */
export function apiDescription(app: FastifyInstance): object {
  return finishDescription(app.swagger(), (operationId) => BODY_OPTIONAL.has(operationId));
}

/** Operations that mean all of it, or what is there, when they come without a body. */
const BODY_OPTIONAL: ReadonlySet<string> = new Set(["confirm", "release", "fulfill", "replayDeadLetter"]);

const transform: SwaggerTransform = ({ url, route }) => {
  const { docs, scope } = route.config ?? {};
  const hidden = docs === undefined || route.method === "HEAD";
  return { url, schema: hidden ? { hide: true } : (schemaOf(docs, scope, route.url) as FastifySchema) };
};

function schemaOf(docs: RouteDocs, scope: Scope | undefined, url: string): object {
  const { id, tag, summary, description, body, query } = docs;
  const headers = headersOf(docs);
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(scope === undefined ? {} : { security: [{ bearer: [scope] }, { apiKey: [scope] }] }),
    ...paramsOf(url),
    ...(query === undefined ? {} : { querystring: { type: "object", properties: queryOf(query) } }),
    ...(headers === undefined ? {} : { headers: { type: "object", properties: headers } }),
    ...(body === undefined ? {} : { body }),
    response: { ...answersOf(docs), ...problemsOf(docs, scope) },
  };
}

function paramsOf(url: string): object {
  const names = [...url.matchAll(/:([a-zA-Z]+)/g)].map((found) => found[1] as string);
  if (names.length === 0) return {};
  return { params: { type: "object", properties: Object.fromEntries(names.map((name) => [name, TEXT])) } };
}

const queryOf = (query: Readonly<Record<string, string>>): object =>
  Object.fromEntries(Object.entries(query).map(([name, description]) => [name, { ...TEXT, description }]));

function headersOf({ takesKey, headers }: RouteDocs): object | undefined {
  if (takesKey === true)
    return { "Idempotency-Key": { ...KeySchema, description: "Makes a retry safe: the first answer comes back" } };
  return headers;
}

function answersOf({ answers }: RouteDocs): object {
  const entries = Object.entries(answers).map(([status, { description, schema, mediaType = "application/json" }]) => [
    status,
    { description, content: { [mediaType]: { schema } } },
  ]);
  return Object.fromEntries(entries) as object;
}

/** Problems by status; several slugs may share one. */
function problemsOf(docs: RouteDocs, scope: Scope | undefined): object {
  const slugs = [
    ...docs.problems,
    ...EVERYWHERE,
    ...(scope === undefined ? [] : SCOPED),
    ...(docs.body === undefined ? [] : WITH_BODY),
    ...(scope === "write" || scope === "admin" ? CHANGING : []),
  ];
  const byStatus = new Map<number, ProblemSlug[]>();
  for (const slug of slugs) byStatus.set(PROBLEMS[slug].status, [...(byStatus.get(PROBLEMS[slug].status) ?? []), slug]);
  const entries = [...byStatus].map(([status, same]) => [status, problemAnswer(same)] as const);
  return Object.fromEntries(entries);
}

const RETRY_AFTER = { "Retry-After": { type: "integer", minimum: 1, description: "Seconds" } } as const;

/** Headers that come with a problem. */
const HEADERS: Readonly<Partial<Record<ProblemSlug, object>>> = {
  "method-not-allowed": { Allow: { ...TEXT, description: "The methods of this path" } },
  "too-many-requests": RETRY_AFTER,
  "outcome-unknown": RETRY_AFTER,
  "not-ready": RETRY_AFTER,
};

function problemAnswer(slugs: readonly ProblemSlug[]): object {
  const examples = slugs.map((slug) => {
    const { status, title, detail } = PROBLEMS[slug];
    return [slug, { value: { type: `urn:stockgrid:problem:${slug}`, title, status, detail } }] as const;
  });
  return {
    description: slugs.map((slug) => `\`${slug}\`: ${PROBLEMS[slug].title}`).join("; "),
    headers: Object.assign({}, ...slugs.map((slug) => HEADERS[slug])) as object,
    content: { [PROBLEM_MEDIA_TYPE]: { schema: ProblemSchema, examples: Object.fromEntries(examples) } },
  };
}
