/**
 * API keys: who may do what.
 *
 * Secrets are compared as digests, all of them every time, so that time tells nothing about how much of a guess was right.
 */

import { hash, timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from "fastify";
import { type Problem, problem, slugOf } from "../contract/index.ts";
import { sendProblem } from "./answer.ts";
import type { ApiKey, HttpContext, Scope } from "./options.ts";

export type Guard = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => void;

interface KnownKey {
  readonly digest: Buffer;
  readonly scopes: ReadonlySet<Scope>;
}

const digestOf = (secret: string): Buffer => hash("sha256", secret, "buffer");

/** Guards by scope; none at all while no keys are configured. */
export function guards(context: HttpContext): (scope: Scope) => Guard | undefined {
  if (context.apiKeys.length === 0) return () => undefined;
  const keys = context.apiKeys.map(knownKey);
  return (scope) => (request, reply, done) => {
    const refusal = refusalOf(keys, secretOf(request), scope);
    if (refusal === undefined) {
      done();
      return;
    }
    if (refusal.status === 401) reply.header("www-authenticate", 'Bearer realm="stockgrid"');
    context.observe?.problem(slugOf(refusal));
    sendProblem(reply, refusal);
  };
}

function knownKey({ secret, scopes }: ApiKey): KnownKey {
  return { digest: digestOf(secret), scopes: new Set(scopes) };
}

function refusalOf(keys: readonly KnownKey[], secret: string | undefined, scope: Scope): Problem | undefined {
  if (secret === undefined) return problem("unauthorized");
  const key = matching(keys, digestOf(secret));
  if (key === undefined) return problem("unauthorized", "the API key is not known");
  if (key.scopes.has(scope) || key.scopes.has("admin")) return undefined;
  return problem("forbidden", `this needs a key with the scope ${scope}`);
}

function matching(keys: readonly KnownKey[], digest: Buffer): KnownKey | undefined {
  let found: KnownKey | undefined;
  for (const key of keys) if (timingSafeEqual(key.digest, digest)) found = key;
  return found;
}

const BEARER = /^Bearer +([\x21-\x7e]+) *$/i;

function secretOf({ headers }: FastifyRequest): string | undefined {
  const bearer = headers.authorization === undefined ? null : BEARER.exec(headers.authorization);
  if (bearer !== null) return bearer[1];
  const key = headers["x-api-key"];
  return typeof key === "string" && key !== "" ? key : undefined;
}
