/** The small schemas that the forms of sources are made of, and how a form is chosen by the name of its event. */

import Type, { type Static, type TObject, type TProperties, type TSchema } from "typebox";
import { QUANTITY_MAX } from "../base/index.ts";
import { type Check, checkOf, TEXT_LENGTH_MAX } from "../forms/index.ts";
import type { Interpretation } from "./interpretation.ts";

/** Lines of one event. */
export const LINES_MAX = 10_000;
const CODE_LENGTH_MAX = 255;

export const Code = (description: string, example: string): ReturnType<typeof Type.String> =>
  Type.String({ minLength: 1, maxLength: CODE_LENGTH_MAX, description, examples: [example] });
export const Text = (description: string, example?: string): ReturnType<typeof Type.String> =>
  Type.String({
    minLength: 1,
    maxLength: TEXT_LENGTH_MAX,
    description,
    ...(example === undefined ? {} : { examples: [example] }),
  });
export const Item = Code("SKU, a code with an alias, a GTIN, or a URI of GS1", "05012345678900");
export const Place = Code("Location, a code with an alias, or a GLN as URI; default: where the event was sent for", "dc-1");
export const Time = Text("RFC 3339; without an offset it is read in the time zone of the location", "2026-03-01T09:30:00");
export const DateText = Type.String({ pattern: "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$", examples: ["2026-03-01"] });
export const Quantity = Type.Number({
  exclusiveMinimum: 0,
  maximum: QUANTITY_MAX,
  description: "Units, or what the alias of the item counts in",
});
export const CountedQuantity = Type.Number({ minimum: 0, maximum: QUANTITY_MAX, description: "Units that were there" });

/** Nothing but the members named. */
export function closed<T extends TProperties>(properties: T): TObject<T> {
  return Type.Object(properties, { additionalProperties: false });
}

/**
 * As a standard has it: members of the standard by name, those of others with a prefix and a colon. A misspelt member is found out, instead of
 * being passed over.
 */
export function extensible<T extends TProperties>(properties: T, others: readonly string[] = []): TObject<T> {
  const known = Object.fromEntries(others.map((name) => [name, {}]));
  const object = Type.Object(properties, { additionalProperties: false, patternProperties: { "^[@#]|^[^:]+:.": {} } });
  // Members that are known and not looked at take any value.
  Object.assign(object.properties, known);
  return object;
}

export const lines = <T extends TSchema>(line: T): ReturnType<typeof Type.Array<T>> =>
  Type.Array(line, { minItems: 1, maxItems: LINES_MAX });

/** The faults of data as a problem of its event. */
export function problemOf(check: Check<unknown>, data: unknown): Interpretation {
  const [first = { path: "", message: "does not have the form that is wanted" }] = check.errors(data);
  return { kind: "problem", path: `/data${first.path}`, reason: first.message };
}

export type Forms = Readonly<Record<string, TObject>>;

/** Forms that say in `event` which of them they are. */
export class FormsByEvent<F extends Forms> {
  readonly schemas: F;
  readonly #checks: ReadonlyMap<string, Check<unknown>>;

  constructor(schemas: F) {
    this.schemas = schemas;
    this.#checks = new Map(Object.entries(schemas).map(([name, schema]) => [name, checkOf(schema)]));
  }

  read(data: unknown): { readonly form: FormOf<F> } | { readonly problem: Interpretation } {
    const event = (data as { readonly event?: unknown } | null)?.event;
    const check = typeof event === "string" ? this.#checks.get(event) : undefined;
    if (check === undefined) {
      const reason = `must be one of ${[...this.#checks.keys()].join(", ")}`;
      return { problem: { kind: "problem", path: "/data/event", reason } };
    }
    return check.passes(data) ? { form: data as FormOf<F> } : { problem: problemOf(check, data) };
  }
}

export type FormOf<F extends Forms> = { [Name in keyof F]: Static<F[Name]> & { readonly event: Name } }[keyof F];

export const event = <Name extends string>(name: Name): ReturnType<typeof Type.Literal<Name>> => Type.Literal(name);
