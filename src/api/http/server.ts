/** The HTTP front end: routes, the door before them, and what happens to requests that fit none. */

import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { type Problem, problem, slugOf } from "../contract/index.ts";
import { AllowedMethods } from "./allowed-methods.ts";
import { sendProblem } from "./answer.ts";
import { acceptJson } from "./body.ts";
import { answerClientError, openDoor } from "./door.ts";
import { problemOfError } from "./failures.ts";
import { describeApi } from "./openapi.ts";
import { HTTP_LIMITS, type HttpContext, type HttpServerOptions } from "./options.ts";
import { requestIds } from "./request-id.ts";
import { addAliasRoutes } from "./routes/aliases.ts";
import { addClusterRoutes } from "./routes/cluster.ts";
import { addDeadLetterRoutes } from "./routes/dead-letters.ts";
import { addDocsRoutes } from "./routes/docs.ts";
import { addEventRoute } from "./routes/events.ts";
import { addIngestRoute } from "./routes/ingest.ts";
import { addLocationRoutes } from "./routes/locations.ts";
import { addNodeRoutes } from "./routes/node.ts";
import { addReservationRoutes } from "./routes/reservations.ts";
import { Router } from "./routes/routes.ts";
import { addStockRoutes } from "./routes/stock.ts";

/** Code units of one part of a path: 64 code points, percent-encoded, at 4 bytes of 3 characters each. */
const PATH_PART_LENGTH_MAX = 64 * 12;

/** Stands for the route of what no route answers, so that paths of strangers do not become labels. */
const NO_ROUTE = "none";

/** Not yet listening. `close` ends event streams, then waits for requests in flight. */
export function buildHttpServer(options: HttpServerOptions): FastifyInstance {
  const context: HttpContext = { ...options, limits: { ...HTTP_LIMITS, ...options.limits } };
  const failures = new Failures(context);
  const app = Fastify({
    logger: false,
    genReqId: requestIds(),
    return503OnClosing: false,
    forceCloseConnections: "idle",
    keepAliveTimeout: context.limits.keepAliveTimeoutMs,
    requestTimeout: context.limits.requestTimeoutMs,
    bodyLimit: context.limits.bodyBytesMax,
    routerOptions: { maxParamLength: PATH_PART_LENGTH_MAX },
    serverFactory: (handler) => openDoor(context, handler),
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => failures.answer(error, request, reply),
  });
  acceptJson(app);
  failures.watch(app);
  describeApi(app, context);
  app.register((routes, _options, done) => {
    addRoutes(routes, context);
    done();
  });
  return app;
}

function addRoutes(app: FastifyInstance, context: HttpContext): void {
  const router = new Router(app, context);
  addReservationRoutes(router);
  addStockRoutes(router);
  addLocationRoutes(router);
  addAliasRoutes(router);
  addIngestRoute(app, context);
  addDeadLetterRoutes(router);
  addClusterRoutes(router);
  addNodeRoutes(router);
  const endStreams = addEventRoute(router);
  app.addHook("preClose", (done) => {
    endStreams();
    done();
  });
  addDocsRoutes(app, context);
}

/** Requests that no route answers, and errors that none expected. */
class Failures {
  readonly #context: HttpContext;
  readonly #methods = new AllowedMethods();

  constructor(context: HttpContext) {
    this.#context = context;
  }

  watch(app: FastifyInstance): void {
    this.#methods.watch(app);
    app.setNotFoundHandler((request, reply) => this.#noRoute(request, reply));
    app.setErrorHandler<FastifyError>((error, request, reply) => {
      // A body that cannot be read does not matter where nobody reads it.
      if (request.is404) this.#noRoute(request, reply);
      else this.answer(error, request, reply);
    });
  }

  answer(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
    this.#send(reply, problemOfError(error) ?? this.#unexpected(error, request));
  }

  #noRoute({ url, method }: FastifyRequest, reply: FastifyReply): void {
    const allowed = this.#methods.of(url);
    if (allowed === undefined) return this.#send(reply, problem("not-found", "there is nothing at this path"));
    reply.header("allow", allowed);
    this.#send(reply, problem("method-not-allowed", `${method} is not one of ${allowed}`));
  }

  #unexpected(error: FastifyError, { id, url, method }: FastifyRequest): Problem {
    this.#context.log?.error(
      { requestId: id, url, method, error: error.stack ?? String(error) },
      "a request failed inside the server",
    );
    return problem("internal-error");
  }

  #send(reply: FastifyReply, it: Problem): void {
    const { observe } = this.#context;
    const { method, routeOptions } = reply.request;
    observe?.problem(slugOf(it));
    observe?.request(routeOptions.url ?? NO_ROUTE, method, it.status, 0);
    sendProblem(reply, it);
  }
}
