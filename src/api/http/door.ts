/**
 * The door: what happens before Fastify sees a request. Overload is turned away here, where it costs least, and bytes that
 * are no HTTP still get a problem.
 */

import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { PROBLEM_MEDIA_TYPE, type Problem, problem, retryAfterSeconds } from "../contract/index.ts";
import { problemOfClientError } from "./failures.ts";
import type { HttpContext } from "./options.ts";

export function openDoor(context: HttpContext, handler: RequestListener): Server {
  const { limits } = context;
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      requestTimeout: limits.requestTimeoutMs,
      headersTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      noDelay: true,
    },
    sheddingListener(context, handler),
  );
  server.maxConnections = limits.connectionsMax;
  return server;
}

function sheddingListener(context: HttpContext, handler: RequestListener): RequestListener {
  const { overloaded } = context;
  if (overloaded === undefined) return handler;
  return (request, response) => {
    const waitMs = overloaded();
    if (waitMs === undefined || !isApi(request)) handler(request, response);
    else turnAway(context, waitMs, response);
  };
}

const isApi = (request: IncomingMessage): boolean => request.url?.startsWith("/v1/") === true;

function turnAway(context: HttpContext, waitMs: number, response: ServerResponse): void {
  const seconds = retryAfterSeconds(waitMs);
  const refusal = problem("too-many-requests", undefined, { retryAfterSeconds: seconds });
  const body = JSON.stringify(refusal);
  response.writeHead(refusal.status, {
    "content-type": PROBLEM_MEDIA_TYPE,
    "content-length": Buffer.byteLength(body),
    "retry-after": String(seconds),
  });
  response.end(body);
  context.observe?.problem("too-many-requests");
}

/** Answers on a socket whose bytes are no HTTP, then closes it. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  socket.end(rawAnswer(problemOfClientError(error.code)), () => socket.destroy());
}

function rawAnswer(refusal: Problem): string {
  const body = JSON.stringify(refusal);
  return (
    `HTTP/1.1 ${refusal.status} Bad Request\r\ncontent-type: ${PROBLEM_MEDIA_TYPE}\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  );
}
