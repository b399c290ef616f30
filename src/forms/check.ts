/** Checks a parsed value against a compiled schema, and says in words what is wrong with it. */

import type { Static, TSchema } from "typebox";
import { Compile } from "typebox/compile";

/** One fault: a JSON pointer into the value, or a name such as `header Idempotency-Key`. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** Bounds of what may be said about one value. */
export const FIELD_ERRORS_MAX = 8;

/** Narrows a value, or lists its faults: at most {@link FIELD_ERRORS_MAX}. */
export interface Check<T> {
  passes(value: unknown): value is T;
  errors(value: unknown): FieldError[];
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: object;
}

/** Compiles the schema: a few milliseconds, so once per schema. */
export function checkOf<S extends TSchema>(schema: S): Check<Static<S>> {
  const compiled = Compile(schema);
  return {
    passes: (value): value is Static<S> => compiled.Check(value),
    errors: (value) => describe(compiled.Errors(value) as readonly SchemaError[]),
  };
}

interface ErrorParams {
  readonly additionalProperties?: readonly string[];
  readonly requiredProperties?: readonly string[];
  readonly allowedValues?: readonly unknown[];
}

/** Keywords whose errors only repeat what a more telling one says. */
const ECHOES: ReadonlySet<string> = new Set(["boolean", "anyOf"]);

function describe(errors: readonly SchemaError[]): FieldError[] {
  const told = new Map<string, FieldError>();
  for (const error of errors) {
    if (ECHOES.has(error.keyword)) continue;
    const path = error.instancePath;
    if (!told.has(path)) told.set(path, { path, message: messageOf(error) });
    if (told.size === FIELD_ERRORS_MAX) break;
  }
  if (told.size === 0) return [{ path: "", message: "does not have the form that is wanted" }];
  return [...told.values()];
}

function messageOf(error: SchemaError): string {
  const params: ErrorParams = error.params;
  if (params.allowedValues !== undefined) return `must be one of ${params.allowedValues.join(", ")}`;
  if (params.additionalProperties !== undefined) return `has members that are not known: ${someOf(params.additionalProperties)}`;
  if (params.requiredProperties !== undefined) return `lacks ${someOf(params.requiredProperties)}`;
  return error.message;
}

const NAMES_MAX = 5;
const NAME_LENGTH_MAX = 64;

/** A caller's own names are echoed only so far. */
function someOf(names: readonly string[]): string {
  return names
    .slice(0, NAMES_MAX)
    .map((name) => name.slice(0, NAME_LENGTH_MAX))
    .join(", ");
}
