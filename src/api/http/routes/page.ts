/** `after` and `limit` of a list. */

import { invalidRequest, PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX, type Parsed } from "../../contract/index.ts";

export interface Page {
  readonly after: string | undefined;
  readonly limit: number;
}

export function parsePage(query: unknown): Parsed<Page> {
  const { after, limit = String(PAGE_ITEMS_DEFAULT) } = query as { readonly after?: unknown; readonly limit?: unknown };
  const count = typeof limit === "string" && /^[1-9]\d{0,3}$/.test(limit) ? Number(limit) : 0;
  if (count < 1 || count > PAGE_ITEMS_MAX) return wrongQuery("limit", `must be a whole number from 1 to ${PAGE_ITEMS_MAX}`);
  if (after !== undefined && typeof after !== "string") return wrongQuery("after", "must be given once");
  return { ok: true, value: { after, limit: count } };
}

function wrongQuery(name: string, message: string): Parsed<Page> {
  return { ok: false, problem: invalidRequest([{ path: `query ${name}`, message }]) };
}
