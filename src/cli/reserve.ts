/** `stockgrid reserve`: holds units of one SKU at one location. */

import { type Command, EXIT_DONE, readOptions, UsageError, wholeNumberOf } from "./command.ts";
import { CONNECTION_HELP, CONNECTION_OPTIONS, connect } from "./connection.ts";
import { reservationText } from "./reservation-text.ts";

const QUANTITY_MAX = 2_147_483_647;
const TTL_SECONDS_MAX = 604_800;

const HELP = `Usage: stockgrid reserve <sku> <location> <quantity> [options]

Holds units for a checkout. They are not for sale until confirmed and fulfilled, released, or expired.

Options
  --ttl <seconds>   how long the hold lasts, 1 to 604800 (900)
  --key <text>      idempotency key: the same command with the same key again answers with the same reservation
  --reference <text>  your own note, such as an order number
${CONNECTION_HELP}
Examples
  stockgrid reserve 85123A uk-dc 2
  stockgrid reserve 85123A uk-dc 2 --ttl 60 --key order-1001
  stockgrid confirm $(stockgrid reserve 85123A uk-dc 2 --json | jq -r .id)

Exit status: 0 held, 1 refused (not enough stock, key reused) or no answer, 2 wrong usage.
`;

const OPTIONS = {
  ...CONNECTION_OPTIONS,
  ttl: { type: "string" },
  key: { type: "string" },
  reference: { type: "string" },
} as const;

export const reserve: Command = async (context) => {
  const { values, positionals } = readOptions(context.argv, OPTIONS);
  if (values.help) {
    context.terminal.out(HELP);
    return EXIT_DONE;
  }
  const [sku, location, quantity, ...rest] = positionals;
  if (sku === undefined || location === undefined || quantity === undefined || rest.length > 0) {
    throw new UsageError("name a SKU, a location and a quantity");
  }
  const body = {
    sku,
    location,
    quantity: wholeNumberOf(quantity, "the quantity", 1, QUANTITY_MAX),
    ...(values.ttl === undefined ? {} : { ttlSeconds: wholeNumberOf(values.ttl, "--ttl", 1, TTL_SECONDS_MAX) }),
    ...(values.reference === undefined ? {} : { reference: values.reference }),
  };
  const headers: Record<string, string> = values.key === undefined ? {} : { "idempotency-key": values.key };
  const answer = await connect(values, context).ask("POST", "/v1/reservations", body, headers, context.interrupted);
  context.terminal.out(values.json ? `${JSON.stringify(answer)}\n` : reservationText(answer, context.terminal));
  return EXIT_DONE;
};
