/** `stockgrid get`: stock of a SKU, one record, or a reservation. */

import { type Command, type CommandContext, EXIT_DONE, readOptions, UsageError } from "./command.ts";
import { asList, asRecord, CONNECTION_HELP, CONNECTION_OPTIONS, connect } from "./connection.ts";
import { reservationText } from "./reservation-text.ts";
import { columns } from "./terminal.ts";

const HELP = `Usage: stockgrid get <sku> [location]
       stockgrid get reservation <id>

Shows the stock of a SKU at every location or at one, or a reservation.

Options
${CONNECTION_HELP}
Examples
  stockgrid get 85123A
  stockgrid get 85123A uk-dc --json
  stockgrid get reservation 5Z8D...

Exit status: 0 found, 1 not found or no answer, 2 wrong usage.
`;

const LEVELS = ["onHand", "held", "allocated", "unavailable", "inbound", "safetyStock", "available", "version"] as const;

export const get: Command = async (context) => {
  const { values, positionals } = readOptions(context.argv, CONNECTION_OPTIONS);
  if (values.help) {
    context.terminal.out(HELP);
    return EXIT_DONE;
  }
  const { path, show } = wanted(positionals);
  const body = await connect(values, context).ask("GET", path, undefined, {}, context.interrupted);
  context.terminal.out(values.json ? `${JSON.stringify(body)}\n` : show(body, context));
  return EXIT_DONE;
};

interface Wanted {
  readonly path: string;
  readonly show: (body: unknown, context: CommandContext) => string;
}

function wanted(positionals: readonly string[]): Wanted {
  const [first, second, ...rest] = positionals;
  if (first === undefined || rest.length > 0)
    throw new UsageError("name a SKU, a SKU and a location, or `reservation` and an id");
  if (first === "reservation" && second !== undefined) {
    return {
      path: `/v1/reservations/${encodeURIComponent(second)}`,
      show: (body, { terminal }) => reservationText(body, terminal),
    };
  }
  const sku = encodeURIComponent(first);
  if (second === undefined) return { path: `/v1/stock/${sku}`, show: stockText };
  return { path: `/v1/stock/${sku}/${encodeURIComponent(second)}`, show: (body) => table([asRecord(body)]) };
}

function stockText(body: unknown): string {
  const stock = asRecord(body);
  const records = asList(stock["records"]).map(asRecord);
  if (records.length === 0) return `${String(stock["sku"])}: never seen at any location\n`;
  return table(records.length === 1 ? records : [...records, { location: "total", ...asRecord(stock["totals"]) }]);
}

function table(records: readonly Readonly<Record<string, unknown>>[]): string {
  const rows = records.map((record) => [String(record["location"]), ...LEVELS.map((level) => String(record[level] ?? ""))]);
  return columns([["location", ...LEVELS], ...rows]);
}
