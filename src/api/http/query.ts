/** Parameters of the query: those that an operation names, and no others. */

import { type FieldError, invalidRequest, type Problem } from "../contract/index.ts";

/** A caller's own names are echoed only so far. */
const NAME_LENGTH_MAX = 64;

/** Judges one operation's queries, as Fastify parses them: undefined when every parameter is known. Costs nothing without a query. */
export function strayParameters(known: readonly string[]): (query: unknown) => Problem | undefined {
  const names = new Set(known);
  const message = known.length === 0 ? "is not known; there are none here" : `is not known; there are ${known.join(", ")}`;
  return (query) => {
    let errors: FieldError[] | undefined;
    for (const name in query as object) {
      if (names.has(name)) continue;
      errors ??= [];
      errors.push({ path: `query ${name.slice(0, NAME_LENGTH_MAX)}`, message });
    }
    return errors === undefined ? undefined : invalidRequest(errors);
  };
}
