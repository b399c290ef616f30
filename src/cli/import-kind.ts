/** What a row becomes: a movement, a count from an opening balance, a location, or an alias. */

import { UsageError } from "./command.ts";
import type { Fields } from "./import-rows.ts";

export const IMPORT_KINDS = ["movements", "balances", "locations", "aliases"] as const;
export type ImportKind = (typeof IMPORT_KINDS)[number];

/** From the name in the file to the name in the API. */
export type ColumnMap = ReadonlyMap<string, string>;

export type Item = { readonly body: Fields } | { readonly wrong: string };

interface Shape {
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

const SHAPES: Readonly<Record<ImportKind, Shape>> = {
  movements: {
    required: ["type", "sku", "location", "quantity"],
    optional: ["id", "occurredAt", "reason", "reference", "toLocation", "reverses"],
  },
  balances: { required: ["sku", "location", "quantity"], optional: ["id", "occurredAt", "reason", "reference"] },
  locations: {
    required: ["location", "type", "name"],
    optional: ["latitude", "longitude", "postalCode", "country", "timeZone", "attributes"],
  },
  aliases: { required: ["code"], optional: ["sku", "units", "location"] },
};

/** Fields that are numbers in the API and text in a CSV. */
const NUMBERS = new Set(["quantity", "latitude", "longitude", "units"]);

/** `column=field`, as given to `--map`. Throws UsageError. */
export function columnMap(pairs: readonly string[]): ColumnMap {
  return new Map(
    pairs.map((pair) => {
      const at = pair.lastIndexOf("=");
      if (at < 1 || at === pair.length - 1) throw new UsageError(`--map takes column=field, not ${JSON.stringify(pair)}`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** The kind whose required fields a header has. Throws UsageError when there is none. */
export function guessKind(header: readonly string[], map: ColumnMap): ImportKind {
  const names = new Set(header.map((name) => map.get(name) ?? name));
  const kind = IMPORT_KINDS.find((candidate) => SHAPES[candidate].required.every((field) => names.has(field)));
  if (kind !== undefined) return kind;
  const shapes = IMPORT_KINDS.map((candidate) => `  ${candidate}: ${SHAPES[candidate].required.join(", ")}`).join("\n");
  throw new UsageError(
    `the columns ${[...names].join(", ")} are of no known kind:\n${shapes}\nName foreign columns with --map column=field`,
  );
}

/** Columns of the file that no field of the kind takes. */
export function ignoredColumns(header: readonly string[], kind: ImportKind, map: ColumnMap): string[] {
  const known = new Set([...SHAPES[kind].required, ...SHAPES[kind].optional]);
  return header.filter((name) => !known.has(map.get(name) ?? name));
}

/** The body to send for a row, with `id` for a row that has none, or why there is none. */
export function itemOf(fields: Fields, kind: ImportKind, map: ColumnMap, id: string | undefined): Item {
  const { required, optional } = SHAPES[kind];
  const body: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const field = map.get(name) ?? name;
    if (required.includes(field) || optional.includes(field)) body[field] = NUMBERS.has(field) ? numberOf(value) : value;
  }
  const missing = required.filter((field) => body[field] === undefined);
  if (missing.length > 0) return { wrong: `has no ${missing.join(", ")}` };
  if (kind === "locations") return { body };
  if (kind === "aliases") {
    if ((body["sku"] === undefined) === (body["location"] === undefined))
      return { wrong: "must have sku or location, and not both" };
    return { body };
  }
  if (body["id"] === undefined && id === undefined) return { wrong: "has no id; give the import one with --batch-id" };
  if (!Number.isSafeInteger(body["quantity"]))
    return { wrong: `quantity ${JSON.stringify(body["quantity"])} is not a whole number` };
  return { body: { id, ...body, ...(kind === "balances" ? { type: "count" } : {}) } };
}

function numberOf(value: unknown): unknown {
  return typeof value === "string" && /^[+-]?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
}
