/**
 * `/openapi.json` and the page to try it at `/docs`, which is the same with a slash at its end.
 *
 * The page's code is large and rarely asked for, so an app of its own is made for it on the first request. It is part of the
 * package and loads nothing from elsewhere; the content security policy makes sure of it.
 */

import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { apiDescription, type RouteDocs } from "../openapi.ts";
import type { HttpContext } from "../options.ts";

const POLICY =
  "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

/** Absolute, since what is relative means something else at `/docs` than at `/docs/`. */
const SCRIPT = "/docs/js/scalar.js";

export function addDocsRoutes(app: FastifyInstance, context: HttpContext): void {
  let description: string | undefined;
  app.get("/openapi.json", { config: { docs: DESCRIPTION_DOCS } }, (_request, reply) => {
    description ??= JSON.stringify(apiDescription(app));
    reply.header("content-type", "application/json; charset=utf-8").send(description);
  });
  const page = new DocsPage(context);
  const servePage = (request: FastifyRequest, reply: FastifyReply): void => {
    reply.hijack();
    reply.raw.setHeader("content-security-policy", POLICY);
    page.serve(request.raw, reply.raw);
  };
  app.get("/docs", { config: { docs: PAGE_DOCS } }, servePage);
  app.get("/docs/*", servePage);
  app.addHook("onClose", () => page.close());
}

class DocsPage {
  readonly #context: HttpContext;
  #app: Promise<FastifyInstance> | undefined;

  constructor(context: HttpContext) {
    this.#context = context;
  }

  serve(...[request, response]: Parameters<FastifyInstance["routing"]>): void {
    this.#app ??= openPage();
    this.#app.then(
      (app) => app.routing(request, response),
      (error: unknown) => {
        this.#context.log?.error({ error: String(error) }, "the documentation page could not be loaded");
        response.writeHead(500).end();
      },
    );
  }

  async close(): Promise<void> {
    const app = await this.#app?.catch(() => undefined);
    await app?.close();
  }
}

async function openPage(): Promise<FastifyInstance> {
  const { default: scalar } = await import("@scalar/fastify-api-reference");
  const app = Fastify({ logger: false, rewriteUrl: ({ url = "/" }) => url.replace(/^\/docs(?=\?|$)/, "/docs/") });
  await app.register(scalar, {
    routePrefix: "/docs",
    configuration: { url: "/openapi.json", cdn: SCRIPT, withDefaultFonts: false, telemetry: false, hideClientButton: true },
  });
  await app.ready();
  return app;
}

const DESCRIPTION_DOCS: RouteDocs = {
  id: "openapi",
  tag: "Node",
  summary: "This description",
  answers: { 200: { description: "OpenAPI 3.1", schema: { type: "object" } } },
  problems: [],
};

const PAGE_DOCS: RouteDocs = {
  id: "docs",
  tag: "Node",
  summary: "The page to read this description and try it",
  answers: {
    200: { description: "A page that loads nothing from elsewhere", schema: { type: "string" }, mediaType: "text/html" },
  },
  problems: [],
};
