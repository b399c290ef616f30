/** What every group of routes is built from: a route, its scope, and its page in the documentation. */

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Answers } from "../answer.ts";
import { type Guard, guards } from "../auth.ts";
import type { RouteDocs } from "../openapi.ts";
import type { HttpContext, Scope } from "../options.ts";
import { strayParameters } from "../query.ts";

/** Where a parameter of the query that is not in the `docs` is refused; probes and scrapers elsewhere add what they like. */
const API = "/v1/";

export interface RouteSpec {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** With parameters as Fastify writes them, `:sku`. */
  readonly url: string;
  /** Absent: open to all, also when keys are configured. */
  readonly scope?: Scope;
  /** Default: the context's bound. */
  readonly bodyBytesMax?: number;
  /** True for an answer without end, of which HEAD could not ask the headers alone. */
  readonly endless?: boolean;
  readonly docs: RouteDocs;
  /** Answers through `answers`, now or later; `since` is to be given back to it. */
  handle(request: FastifyRequest, reply: FastifyReply, answers: Answers, since: number): void;
}

/** Adds routes to an app. */
export class Router {
  readonly context: HttpContext;
  readonly #app: FastifyInstance;
  readonly #guardOf: (scope: Scope) => Guard | undefined;

  constructor(app: FastifyInstance, context: HttpContext) {
    this.#app = app;
    this.context = context;
    this.#guardOf = guards(context);
  }

  add(spec: RouteSpec): void {
    const { method, url, scope, docs } = spec;
    const answers = new Answers(method, url, this.context.observe);
    const guard = scope === undefined ? undefined : this.#guardOf(scope);
    const strays = url.startsWith(API) ? strayParameters(Object.keys(docs.query ?? {})) : undefined;
    this.#app.route({
      method,
      url,
      bodyLimit: spec.bodyBytesMax ?? this.context.limits.bodyBytesMax,
      exposeHeadRoute: method === "GET" && spec.endless !== true,
      config: { docs, scope },
      ...(guard === undefined ? {} : { onRequest: guard }),
      handler: (request, reply) => {
        const since = answers.start();
        const refusal = strays?.(request.query);
        if (refusal === undefined) spec.handle(request, reply, answers, since);
        else answers.problem(reply, since, refusal);
      },
    });
  }
}

/** Parameters of the path, decoded. */
export function paramOf(request: FastifyRequest, name: string): string {
  return (request.params as Readonly<Record<string, string>>)[name] ?? "";
}
