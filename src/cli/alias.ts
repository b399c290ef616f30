/** `stockgrid alias`: tells the grid what codes of sources stand for. */

import { type Command, EXIT_DONE, readOptions, UsageError, wholeNumberOf } from "./command.ts";
import { asList, asRecord, CONNECTION_HELP, CONNECTION_OPTIONS, type Connection, connect } from "./connection.ts";
import { columns } from "./terminal.ts";

const HELP = `Usage: stockgrid alias item <code> <sku> [--units <count>]
       stockgrid alias location <code> <location>
       stockgrid alias list items|locations
       stockgrid alias remove item|location <code>

Tells what a code that a till, a warehouse or a reader uses stands for: a GTIN, a number of a store, a GLN. \`pos:9\` is
the 9 of the source pos alone. Many at once: \`stockgrid import aliases.csv\`.

Options
  --units <count>  units of the SKU in one of what the code names, 1 to 1000000 (1): 12 for a case of twelve,
                   1000 for kilograms of what is kept in grams
${CONNECTION_HELP}
Examples
  stockgrid alias item 05012345678900 85123A
  stockgrid alias item 15012345678907 85123A --units 12
  stockgrid alias location pos:9 store-9
  stockgrid alias list items --json

Exit status: 0 done, 1 refused, not found or no answer, 2 wrong usage.
`;

const OPTIONS = { ...CONNECTION_OPTIONS, units: { type: "string", default: "1" } } as const;
const UNITS_MAX = 1_000_000;
const PAGE = 1_000;
const KINDS: Readonly<Record<string, string>> = { item: "items", items: "items", location: "locations", locations: "locations" };

export const alias: Command = async (context) => {
  const { values, positionals } = readOptions(context.argv, OPTIONS);
  if (values.help) {
    context.terminal.out(HELP);
    return EXIT_DONE;
  }
  const [verb = "", first, second, ...rest] = positionals;
  const units = wholeNumberOf(values.units, "--units", 1, UNITS_MAX);
  const { interrupted: stop, terminal } = context;
  const say = (text: string, body: unknown): void => terminal.out(values.json ? `${JSON.stringify(body)}\n` : `${text}\n`);
  const kind = KINDS[verb === "list" || verb === "remove" ? (first ?? "") : verb];
  if (kind === undefined || rest.length > 0 || first === undefined || (verb !== "list" && second === undefined)) {
    throw new UsageError(
      "say one of: item <code> <sku>, location <code> <location>, list items|locations, remove item|location <code>",
    );
  }
  if (verb === "list") return list(connect(values, context), kind, values.json, context.terminal.out, stop);
  if (verb === "remove") {
    const path = `/v1/aliases/${kind}/${encodeURIComponent(second ?? "")}`;
    say(`${second} stands for nothing`, await connect(values, context).ask("DELETE", path, undefined, {}, stop));
    return EXIT_DONE;
  }
  const body = kind === "items" ? { sku: second, units } : { location: second };
  const path = `/v1/aliases/${kind}/${encodeURIComponent(first)}`;
  say(`${first} stands for ${second}`, await connect(values, context).ask("PUT", path, body, {}, stop));
  return EXIT_DONE;
};

async function list(
  connection: Connection,
  kind: string,
  isJson: boolean,
  out: (text: string) => void,
  stop: AbortSignal,
): Promise<number> {
  const rows: string[][] = [];
  let after: unknown;
  do {
    const query = after === undefined ? "" : `&after=${encodeURIComponent(String(after))}`;
    const page = asRecord(await connection.ask("GET", `/v1/aliases/${kind}?limit=${PAGE}${query}`, undefined, {}, stop));
    for (const item of asList(page["items"]).map(asRecord)) {
      if (isJson) out(`${JSON.stringify(item)}\n`);
      else rows.push([String(item["code"]), String(item["sku"] ?? item["location"]), String(item["units"] ?? "")]);
    }
    after = page["next"];
  } while (after !== undefined);
  if (!isJson)
    out(rows.length === 0 ? "no aliases\n" : columns([["code", "stands for", kind === "items" ? "units" : ""], ...rows]));
  return EXIT_DONE;
}
