/** JSON bodies as text, and the headers that go with them. */

import type { FastifyInstance, FastifyRequest } from "fastify";
import { invalidRequest, type Parsed, parseIdempotencyKey } from "../contract/index.ts";

/** What decoding puts in place of bytes that are no UTF-8. */
const REPLACEMENT = "\ufffd";

/** JSON only; an empty body counts as none; `__proto__` and `constructor.prototype` are refused. */
export function acceptJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>("application/json", { parseAs: "string" }, (request, text, done) => {
    if (text.length === 0) done(null, undefined);
    else if (text.includes(REPLACEMENT)) done(unreadable("the body is not UTF-8"), undefined);
    else parse(request, text, done);
  });
}

function unreadable(message: string): Error {
  return Object.assign(new Error(message), { statusCode: 400 });
}

/** The `Idempotency-Key`, undefined when there is none. */
export function idempotencyKeyOf(request: FastifyRequest): Parsed<string | undefined> {
  const given = request.headers["idempotency-key"];
  if (given === undefined) return NO_KEY;
  if (typeof given !== "string") return { ok: false, problem: invalidRequest([{ path: HEADER, message: "must be sent once" }]) };
  return parseIdempotencyKey(asUtf8(given), HEADER);
}

const HEADER = "header Idempotency-Key";
const NO_KEY = { ok: true, value: undefined } as const;

/** Node reads header bytes as Latin-1; a key in UTF-8 shall be the same key as on NATS. */
function asUtf8(text: string): string {
  const decoded = Buffer.from(text, "latin1").toString("utf8");
  return decoded.includes(REPLACEMENT) ? text : decoded;
}
