/**
 * The fingerprint of a request: equal for bodies that are equal as parsed JSON, whatever the order of their members and
 * whichever front end they came through.
 */

import { hash } from "node:crypto";

/** Characters of base64 kept: 22 of them carry 132 bits. */
const DIGEST_LENGTH = 22;

/** `id` is the reservation a transition names, empty otherwise. The body is taken without `idempotencyKey` and `id`. */
export function fingerprintOf(operation: string, id: string, body: unknown): string {
  return hash("sha256", `${operation}\n${id}\n${canonicalJson(body)}`, "base64").slice(0, DIGEST_LENGTH);
}

/** JSON with the members of every object in code unit order; absent members and those that are undefined are the same. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  const members = value as Readonly<Record<string, unknown>>;
  const texts: string[] = [];
  for (const name of Object.keys(members).sort()) {
    if (members[name] !== undefined) texts.push(`${JSON.stringify(name)}:${canonicalJson(members[name])}`);
  }
  return `{${texts.join()}}`;
}
