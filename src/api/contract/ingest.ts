/** Events of sources at the front ends: what became of each, dead letters as views, aliases read. */

import { ALIAS_KINDS, type Alias, type AliasKind } from "../../aliases/index.ts";
import type { EpochMs, LocationId, Sku } from "../../base/index.ts";
import { formatTime } from "../../forms/index.ts";
import type { Outcome } from "../../intake/index.ts";
import type { KeptLetter } from "../../ports/index.ts";
import { bad, checked, checkOf, good, type Parsed } from "./check.ts";
import { idError, keyError } from "./check-text.ts";
import { INGEST_ITEMS_MAX } from "./limits.ts";
import { problemOf } from "./outcomes.ts";
import { invalidRequest, type Problem, problem, slugOf } from "./problems.ts";
import { type AliasView, ItemAliasSchema, LocationAliasSchema } from "./schemas/index.ts";

const itemAlias = checkOf(ItemAliasSchema);
const locationAlias = checkOf(LocationAliasSchema);

export function parseAliasKind(text: string): Parsed<AliasKind> {
  const kind = ALIAS_KINDS.find((each) => each === text);
  return kind === undefined
    ? bad(problem("not-found", `there are aliases of ${ALIAS_KINDS.join(" and ")}, not of ${text.slice(0, 64)}`))
    : good(kind);
}

export function parseAlias(kind: AliasKind, code: string, body: unknown): Parsed<Alias> {
  const wrong = keyError("code", code);
  if (wrong !== undefined) return bad(invalidRequest([wrong]));
  if (kind === "items") {
    const read = checked(itemAlias, body);
    if (!read.ok) return read;
    const error = idError("/sku", read.value.sku);
    return error === undefined
      ? good({ kind, code, sku: read.value.sku as Sku, units: read.value.units ?? 1 })
      : bad(invalidRequest([error]));
  }
  const read = checked(locationAlias, body);
  if (!read.ok) return read;
  const error = idError("/location", read.value.location);
  return error === undefined ? good({ kind, code, location: read.value.location as LocationId }) : bad(invalidRequest([error]));
}

export const aliasView = (alias: Alias): AliasView => ({ ...alias });

export interface IngestResultView {
  /** Of the event; null when it has none that can be read. */
  readonly id: string | null;
  readonly status: "applied" | "duplicate" | "pending" | "accepted" | "rejected";
  readonly movements?: number;
  readonly version?: number;
  readonly why?: string;
  readonly problem?: Problem;
  readonly deadLetter?: number;
}

/** The events of a body: one or an array of them. They themselves are not looked at. */
export function ingestItems(body: unknown): Parsed<readonly unknown[]> {
  if (!Array.isArray(body)) return good([body]);
  if (body.length <= INGEST_ITEMS_MAX) return good(body as readonly unknown[]);
  return bad(problem("payload-too-large", `${body.length} events were sent, at most ${INGEST_ITEMS_MAX} are taken at once`));
}

export function ingestResultView(outcome: Outcome): IngestResultView {
  const id = outcome.event?.id ?? null;
  switch (outcome.kind) {
    case "applied":
    case "duplicate":
    case "pending": {
      const { movements, version } = outcome;
      return { id, status: outcome.kind, movements, ...(version > 0 ? { version } : {}) };
    }
    case "accepted":
      return { id, status: "accepted", movements: 0, why: outcome.why };
    case "rejected": {
      const { path, reason, deadLetter } = outcome;
      const refusal = invalidRequest([{ path, message: reason }]);
      return { id, status: "rejected", problem: refusal, ...(deadLetter === undefined ? {} : { deadLetter }) };
    }
    case "retry":
      return { id, status: "rejected", problem: problemOf(outcome.fault) };
    case "failed":
      return { id, status: "rejected", problem: problem("internal-error") };
  }
}

const FAULTS: ReadonlySet<string> = new Set(["too-many-requests", "not-ready", "outcome-unknown"]);

/** Events that met nothing but a fault of the world are that fault as a whole. */
export function faultOfAllEvents(results: readonly IngestResultView[]): Problem | undefined {
  const problems = results.map((result) => result.problem);
  return problems.every((each) => each !== undefined && FAULTS.has(slugOf(each))) ? problems[0] : undefined;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

export function deadLetterView(letter: KeptLetter): object {
  const { body } = letter;
  try {
    return { ...deadLetterLine(letter), body: utf8.decode(body) };
  } catch (error) {
    if (error instanceof TypeError) return { ...deadLetterLine(letter), bodyBase64: Buffer.from(body).toString("base64") };
    throw error;
  }
}

export function deadLetterLine({ body, at, ...letter }: KeptLetter): object {
  return { ...letter, at: formatTime(at as EpochMs), bytes: body.length };
}

export function parseSeq(text: string): Parsed<number> {
  const seq = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : 0;
  return seq > 0 && Number.isSafeInteger(seq)
    ? good(seq)
    : bad(problem("not-found", `there is no dead letter ${text.slice(0, 64)}`));
}
