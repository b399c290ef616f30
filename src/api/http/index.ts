/** The HTTP front end. */
export { type ApiKey, HTTP_LIMITS, type HttpLimits, type HttpObserver, type HttpServerOptions, type Scope } from "./options.ts";
export { buildHttpServer } from "./server.ts";
