/** Checks a parsed value against a compiled schema; what is wrong with it becomes a problem. */

import type { Check } from "../../forms/index.ts";
import { invalidRequest, type Problem } from "./problems.ts";

export { type Check, checkOf } from "../../forms/index.ts";

/** What a parse function gives: the value, or why there is none. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

export const good = <T>(value: T): Parsed<T> => ({ ok: true, value });
export const bad = (problem: Problem): { readonly ok: false; readonly problem: Problem } => ({ ok: false, problem });

export function checked<T>(check: Check<T>, value: unknown): Parsed<T> {
  return check.passes(value) ? good(value) : bad(invalidRequest(check.errors(value)));
}
